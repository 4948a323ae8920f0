import * as z from 'zod'
import type { Ref, ScalableKind } from '../cluster.ts'
import { ownManager } from '../core/foreign.ts'
import { failure } from '../errors.ts'
import type { Scale } from '../resources.ts'
import { objectPath, spoken } from './paths.ts'
import { refusal, statusOf } from './status.ts'
import type { Wire } from './wire.ts'

/** What autoscaling/v1 Scale looks like on the wire; the server leaves zeros out. */
const wireScale = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
  spec: z.object({ replicas: z.number().default(0) }).prefault({}),
  status: z
    .object({ replicas: z.number().default(0), selector: z.string().optional() })
    .prefault({}),
})

export async function readScale(
  wire: Wire,
  target: ScalableKind,
  ref: Ref,
  signal: AbortSignal,
): Promise<Scale | undefined> {
  const path = objectPath(target, ref, 'scale')
  const request = {
    method: 'GET',
    path,
    doing: 'reading the scale of',
    object: spoken(target, ref),
  } as const
  const { code, body } = await wire.call(request, signal)
  if (code < 300) return scaleOf(body, request.object)
  const status = statusOf(code, body)
  if (code !== 404) throw refusal(status, request)
  // A target that is not there is named in the answer; a path that is not there is not.
  if (status.name !== '') return undefined
  throw failure('CLUSTER_INVALID', {
    what: `${request.doing} ${request.object}`,
    why: `${target.kind} has no /scale`,
  })
}

export async function writeScale(
  wire: Wire,
  target: ScalableKind,
  scale: Scale,
  signal: AbortSignal,
): Promise<Scale> {
  const { name, namespace = '', uid, resourceVersion } = scale.metadata
  if (!resourceVersion)
    throw new TypeError('a scale is written with the resourceVersion it was read with')
  const ref = { namespace, name }
  const object = spoken(target, ref)
  const body = await wire.want(
    {
      method: 'PUT',
      path: objectPath(target, ref, 'scale'),
      query: { fieldManager: ownManager },
      body: {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name, namespace, uid, resourceVersion },
        spec: { replicas: scale.spec.replicas },
      },
      doing: 'scaling',
      object,
    },
    signal,
  )
  return scaleOf(body, object)
}

function scaleOf(body: unknown, object: string): Scale {
  const read = wireScale.safeParse(body)
  if (!read.success) {
    throw failure('CLUSTER_FAILED', {
      what: `reading the scale of ${object}`,
      why: 'the answer is no Scale',
    })
  }
  const { metadata, spec, status } = read.data
  const { name, namespace, uid, resourceVersion } = metadata
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    spec,
    status: { replicas: status.replicas, selector: status.selector },
  }
}
