import { seededRandom } from '../../src/embedded/identity.ts'

/** Everything random in a simulation. Equal seeds give equal numbers in equal order. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  chance(probability: number): boolean
  /** A whole number of from..to, both included. */
  int(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  /** An independent stream, so that a change in what one part draws leaves the others as they were. */
  fork(): Random
}

export function randomOf(seed: number): Random {
  const next = seededRandom(seed)
  for (let warm = 0; warm < 3; warm++) next()
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    chance: (probability) => next() < probability,
    int,
    pick(list) {
      const found = list[int(0, list.length - 1)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
    fork: () => randomOf(int(1, 2 ** 31)),
  }
}
