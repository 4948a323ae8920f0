/** How much sooner than due a poll may start to share a wake-up with a neighbour: 2 % of its period, 100 ms at most. */
export const slackOf = (period: number): number => Math.min(100, period / 50)

/** FNV-1a over UTF-16 units, then mixed: 32 bits that are even also for texts that differ in their last letter only. */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

function mix(h: number): number {
  const a = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b ^ (b >>> 16)) >>> 0
}

/**
 * The first time after `after` on the grid of this period. `phase` (a 32-bit hash) fixes the grid in absolute time, so it is
 * the same after a restart; grids of one phase nest: every tick of 10 s is also one of 5 s.
 */
export function nextTick(after: number, period: number, phase: number): number {
  const offset = phase % period
  return (Math.floor((after - offset) / period) + 1) * period + offset
}

/** Chooses phases so that polls of one period are even also where there are few of them. */
export interface Spread {
  /** The phase for this hash: the least crowded of a few that follow from the hash. Counts it as taken. */
  choose(hash: number, period: number): number
  /** Counts the phase as taken under another period. */
  move(phase: number, from: number, to: number): void
  leave(phase: number, period: number): void
}

/** Width of a cell of the tables of what is taken (ms), and how many neighbours on each side count, the nearer the more. */
const cellWidth = 250
const reach = 3
/** Bounds the table of one period; longer periods get wider cells. */
const mostCells = 4096
/** A hash alone gives some second three times the mean when 100 queries share 30 s; the best of eight keeps all below twice. */
const choices = 8
/** 2^32 divided by the golden ratio: steps that visit the phases evenly. */
const golden = 0x9e3779b9

export function createSpread(): Spread {
  const tables = new Map<number, { readonly cells: Uint32Array; taken: number }>()

  const tableOf = (period: number): { readonly cells: Uint32Array; taken: number } => {
    const known = tables.get(period)
    if (known !== undefined) return known
    const count = Math.max(1, Math.min(mostCells, Math.round(period / cellWidth)))
    const made = { cells: new Uint32Array(count), taken: 0 }
    tables.set(period, made)
    return made
  }

  const cellOf = (phase: number, period: number, cells: Uint32Array): number =>
    Math.min(cells.length - 1, Math.floor(((phase % period) / period) * cells.length))

  const crowd = (phase: number, period: number, cells: Uint32Array): number => {
    const at = cellOf(phase, period, cells)
    const span = Math.min(reach, (cells.length - 1) >> 1)
    let sum = 0
    for (let i = at - span; i <= at + span; i++) {
      sum += (cells[(i + cells.length) % cells.length] ?? 0) * (span + 1 - Math.abs(i - at))
    }
    return sum
  }

  const count = (phase: number, period: number, change: 1 | -1): void => {
    const table = tableOf(period)
    const at = cellOf(phase, period, table.cells)
    table.cells[at] = (table.cells[at] ?? 0) + change
    table.taken += change
    if (table.taken === 0) tables.delete(period)
  }

  return {
    choose(seed, period) {
      const { cells } = tableOf(period)
      let best = seed
      let least = crowd(seed, period, cells)
      for (let i = 1; i < choices && least > 0; i++) {
        const candidate = mix(seed + Math.imul(i, golden))
        const here = crowd(candidate, period, cells)
        if (here < least) {
          best = candidate
          least = here
        }
      }
      count(best, period, 1)
      return best
    },
    move(phase, from, to) {
      count(phase, from, -1)
      count(phase, to, 1)
    },
    leave: (phase, period) => count(phase, period, -1),
  }
}
