/** A status as a record of fields, each compared by content. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The merge patch that makes `current` say what `wanted` says, or undefined where it does already: at rest nothing is
 * written. A field wanted as undefined is removed. Fields not named in `wanted` are not touched. Objects are merged
 * key by key (a removed key is null), arrays are replaced whole.
 */
export function mergePatch(current: Fields | undefined, wanted: Fields): Fields | undefined {
  const patch: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(wanted)) {
    const found = current?.[key]
    if (value === undefined) {
      if (found !== undefined) patch[key] = null
    } else if (isRecord(value)) {
      const nested = mergePatch(isRecord(found) ? found : undefined, withRemoved(found, value))
      if (nested) patch[key] = nested
    } else if (!same(found, value)) {
      patch[key] = value
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

const withRemoved = (found: unknown, wanted: Fields): Fields =>
  isRecord(found)
    ? { ...Object.fromEntries(Object.keys(found).map((key) => [key, undefined])), ...wanted }
    : wanted

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equal by content; the order of keys does not matter, that of array items does. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]))
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]))
}

/** The newer of two versions of one object. Resource versions are compared as numbers where both are. */
export function newer(a: string | undefined, b: string | undefined): boolean {
  const [x, y] = [Number(a), Number(b)]
  return Number.isNaN(x) || Number.isNaN(y) ? a !== b : x > y
}
