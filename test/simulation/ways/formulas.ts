import type { ScaledObject } from '../../../src/resources.ts'

/** A formula of scalingModifiers as it is written, and what it gives, computed without Ebb's evaluator. */
export interface Formula {
  readonly text: (names: readonly string[]) => string
  readonly value: (values: readonly number[]) => number
}

const sum = (values: readonly number[]): number => values.reduce((all, v) => all + v, 0)
const first = (values: readonly number[]): number => values[0] ?? 0

/** More waiting never gives less, but in the last. */
export const formulas: readonly Formula[] = [
  { text: (names) => names.join(' + '), value: sum },
  { text: (names) => `max([${names.join(', ')}])`, value: (values) => Math.max(...values) },
  {
    text: (names) => `(${names.join(' + ')}) / ${names.length * 2}`,
    value: (values) => sum(values) / (values.length * 2),
  },
  {
    text: (names) => `${names[0]} > 5 ? ${names.join(' + ')} : 0`,
    value: (values) => (first(values) > 5 ? sum(values) : 0),
  },
  {
    text: (names) => `${names[0]} < 100 ? sum([${names.join(', ')}]) : 7`,
    value: (values) => (first(values) < 100 ? sum(values) : 7),
  },
]

/** What takes the place of the triggers where scalingModifiers are used. */
export interface Composed {
  readonly value: Formula['value']
  readonly target: number
  readonly activation: number
}

export function composedOf({ spec }: ScaledObject): Composed | undefined {
  const { scalingModifiers } = spec.advanced ?? {}
  if (!scalingModifiers) return undefined
  const names = spec.triggers.map(({ name = '' }) => name)
  const found = formulas.find(({ text }) => text(names) === scalingModifiers.formula)
  if (!found) throw new TypeError(`an unknown formula: ${scalingModifiers.formula}`)
  const { target, activationTarget = '0' } = scalingModifiers
  return { value: found.value, target: Number(target), activation: Number(activationTarget) }
}
