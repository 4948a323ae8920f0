import { ordered } from './arithmetic.ts'
import type { Meter } from './bounds.ts'
import { unfit } from './fault.ts'
import type { Value } from './value.ts'

/** The items in the order of their keys, which are all numbers or all strings. */
export function sorted(
  items: readonly Value[],
  keys: readonly Value[],
  order: Value,
  meter: Meter,
): readonly Value[] {
  if (order !== 'asc' && order !== 'desc') throw unfit('the order of a sort is "asc" or "desc"')
  meter.spend(items.length * Math.ceil(Math.log2(items.length + 1)))
  const sign = order === 'asc' ? '<' : '>'
  return items
    .map((item, i) => ({ item, key: keys[i] ?? null }))
    .toSorted((a, b) => {
      if (ordered(sign, a.key, b.key)) return -1
      return ordered(sign, b.key, a.key) ? 1 : 0
    })
    .map(({ item }) => item)
}
