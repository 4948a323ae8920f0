import { Fault } from './fault.ts'

/**
 * What no sensible formula comes near, so that a hostile one ends within milliseconds and within a little memory.
 * expr-lang bounds nodes and memory only.
 */
export const bounds = {
  /** Characters of source. */
  source: 16_384,
  /** Brackets, calls, ternaries and variables inside each other. */
  nesting: 200,
  /** Levels of the tree; a sum of so many terms has as many. */
  depth: 1000,
  /** Nodes evaluated and elements visited in one evaluation. */
  steps: 100_000,
  /** Elements of one array. */
  elements: 10_000,
  /** Characters of one string. */
  characters: 10_000,
} as const

/** Counts the work of one evaluation. */
export interface Meter {
  /** Takes so many steps, or ends the evaluation with a fault. */
  spend(steps: number): void
}

export function meter(): Meter {
  let left: number = bounds.steps
  return {
    spend(steps) {
      left -= steps
      if (left < 0) throw new Fault('limit', `takes more than ${bounds.steps} steps`)
    },
  }
}

/** Checks the length that an array is about to have. */
export function fitting(elements: number): number {
  if (elements > bounds.elements)
    throw new Fault('limit', `makes an array of more than ${bounds.elements} elements`)
  return elements
}
