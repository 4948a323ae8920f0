import type { Ref, Where } from '../cluster.ts'

interface Place {
  readonly group: string
  readonly version: string
  readonly plural: string
}

/** `/api/v1` for the core group, `/apis/<group>/<version>` for all others. */
export const groupPath = ({
  group,
  version,
}: {
  readonly group: string
  readonly version: string
}): string =>
  group === '' ? `/api/${segment(version)}` : `/apis/${segment(group)}/${segment(version)}`

/** Where the objects of a kind are; those of all namespaces (or of a kind that has none) with namespace ''. */
export const listPath = (kind: Place, namespace: string): string =>
  [
    groupPath(kind),
    ...(namespace === '' ? [] : ['namespaces', segment(namespace)]),
    segment(kind.plural),
  ].join('/')

/** Where one object is, or one of its subresources. */
export const objectPath = (
  kind: Place,
  ref: Ref,
  subresource?: 'status' | 'scale' | 'token',
): string =>
  [listPath(kind, ref.namespace), segment(ref.name), ...(subresource ? [subresource] : [])].join(
    '/',
  )

/** The part of a query that selects objects. */
export const selection = (where: Where): Query => ({
  labelSelector: where.labelSelector,
  fieldSelector: where.fieldSelector,
})

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** `?a=b`, or '' where nothing is asked for. */
export function queryText(query: Query): string {
  const set = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') set.set(name, String(value))
  }
  return set.size === 0 ? '' : `?${set.toString()}`
}

/** Names an object for messages: `deployments.apps shop/app`. */
export function spoken(
  kind: Place,
  ref?: { readonly namespace?: string; readonly name?: string },
): string {
  const plural = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
  const place = [ref?.namespace, ref?.name]
    .filter((part) => part !== undefined && part !== '')
    .join('/')
  return place === '' ? plural : `${plural} ${place}`
}

/** A name comes from users: no `/`, `..` or `?` in it may lead elsewhere. */
const segment = (text: string): string =>
  text === '.' || text === '..' ? text.replaceAll('.', '%2E') : encodeURIComponent(text)
