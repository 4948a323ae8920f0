import type { Cluster, Page, Ref } from '../cluster.ts'
import { ownManager } from '../core/foreign.ts'
import { failure } from '../errors.ts'
import { apiVersionOf, type Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'
import { listPath, objectPath, selection, spoken } from './paths.ts'
import { refusal, statusOf } from './status.ts'
import type { Wire } from './wire.ts'

const fieldManager = ownManager

type Objects = Pick<Cluster, 'list' | 'get' | 'create' | 'replace' | 'patch' | 'apply' | 'remove'>

/** Reading and writing whole objects. */
export const objects = (wire: Wire): Objects => ({
  ...reading(wire),
  ...writing(wire),
  ...merging(wire),
})

const reading = (wire: Wire): Pick<Objects, 'list' | 'get'> => ({
  async list<T extends Resource>(...[kind, where, signal]: Parameters<Cluster['list']>) {
    const { namespace = '', limit, next } = where
    const body = await wire.want(
      {
        method: 'GET',
        path: listPath(kind, namespace),
        query: { ...selection(where), limit, continue: next },
        doing: 'listing',
        object: spoken(kind, { namespace }),
      },
      signal,
    )
    return pageOf<T>(body, kind)
  },
  async get<T extends Resource>(kind: Kind<T>, ref: Ref, signal: AbortSignal) {
    const object = await read(wire, kind, ref, signal)
    // The path names the kind.
    return object as T | undefined
  },
})

/** One object, or undefined where the server says that it is this object which is not there. */
export async function read(
  wire: Wire,
  kind: { readonly group: string; readonly version: string; readonly plural: string },
  ref: Ref,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  const request = {
    method: 'GET',
    path: objectPath(kind, ref),
    doing: 'getting',
    object: spoken(kind, ref),
  } as const
  const { code, body } = await wire.call(request, signal)
  // A resource, because the server answered for one.
  if (code < 300) return body as Resource
  const status = statusOf(code, body)
  if (status.code === 404 && status.name !== '') return undefined
  throw refusal(status, request)
}

const writing = (wire: Wire): Pick<Objects, 'create' | 'replace' | 'remove'> => ({
  async create<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal) {
    const { namespace = '' } = object.metadata
    const path = listPath(kind, namespace)
    const body = typed(kind, object)
    const deed = { doing: 'creating', object: spoken(kind, object.metadata) }
    // The server answers with the object it made.
    return (await wire.want(
      { method: 'POST', path, body, ...deed, query: { fieldManager } },
      signal,
    )) as T
  },
  async replace<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal) {
    const { name, namespace = '' } = object.metadata
    const path = objectPath(kind, { namespace, name })
    const body = typed(kind, object)
    const deed = { doing: 'replacing', object: spoken(kind, object.metadata) }
    // The server answers with the object as it is now.
    return (await wire.want(
      { method: 'PUT', path, body, ...deed, query: { fieldManager } },
      signal,
    )) as T
  },
  async remove(kind, ref, { uid, foreground }, signal) {
    const body = {
      propagationPolicy: foreground === true ? 'Foreground' : 'Background',
      ...(uid !== undefined && { preconditions: { uid } }),
    }
    const deed = { doing: 'deleting', object: spoken(kind, ref) }
    const request = { method: 'DELETE', path: objectPath(kind, ref), body, ...deed } as const
    const answer = await wire.call(request, signal)
    if (answer.code < 300) return
    const status = statusOf(answer.code, answer.body)
    if (status.code === 404 && status.name !== '') return
    throw refusal(status, request)
  },
})

const merging = (wire: Wire): Pick<Objects, 'patch' | 'apply'> => ({
  async patch<T extends Resource>(...[kind, ref, patch, options, signal]: PatchParameters<T>) {
    const answer = await wire.want(
      {
        method: 'PATCH',
        path: objectPath(kind, ref, options.subresource),
        query: { fieldManager },
        body: patch,
        contentType: 'application/merge-patch+json',
        doing: options.subresource === 'status' ? 'writing the status of' : 'patching',
        object: spoken(kind, ref),
      },
      signal,
    )
    // The server answers with the object as it is now.
    return answer as T
  },
  async apply<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal) {
    const { name, namespace = '' } = object.metadata
    const answer = await wire.want(
      {
        method: 'PATCH',
        path: objectPath(kind, { namespace, name }),
        query: { fieldManager, force: true },
        body: typed(kind, object),
        // JSON is YAML, and the only form of apply that every server knows.
        contentType: 'application/apply-patch+yaml',
        doing: 'applying',
        object: spoken(kind, object.metadata),
      },
      signal,
    )
    // The server answers with the object as it is now.
    return answer as T
  },
})

type PatchParameters<T extends Resource> = [
  kind: Kind<T>,
  ref: Ref,
  patch: object,
  options: { readonly subresource?: 'status' },
  signal: AbortSignal,
]

const typed = (kind: Kind<Resource>, object: Resource): object => ({
  ...object,
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
})

function pageOf<T extends Resource>(body: unknown, kind: Kind<Resource>): Page<T> {
  // Read by its form: lists hold objects of the kind that was asked for.
  const list = body as {
    readonly kind?: string
    readonly items?: readonly T[] | null
    readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  } | null
  // what is measured, and not stored, has no version
  const unversioned = list?.kind === `${kind.kind}List` ? '' : undefined
  const resourceVersion = list?.metadata?.resourceVersion ?? unversioned
  if (resourceVersion === undefined) {
    throw failure('CLUSTER_FAILED', {
      what: `listing ${spoken(kind)}`,
      why: 'the answer is no list',
    })
  }
  return { items: list?.items ?? [], resourceVersion, next: list?.metadata?.continue || undefined }
}
