import { randomOf, type Random } from './random.ts'
import type { ApiFault, Calm, Event, Who } from './scenario.ts'

const second = 1_000

/** How many replicas of Ebb there are at once, and what befalls them that befalls none that is alone. */
export interface Team {
  readonly size: number
  readonly events: readonly Event[]
  readonly leaseFaults: readonly ApiFault[]
}

const alone: Team = { size: 1, events: [], leaseFaults: [] }

/** Several replicas in a quarter of the seeds. Drawn apart from all else, so that the stories of the others stay as they were. */
export function teamOf(
  seed: number,
  quiet: boolean,
  calms: readonly Calm[],
  settleFrom: number,
): Team {
  const random = randomOf(seed ^ 0x7ea3)
  if (!random.chance(0.25)) return alone
  const size = random.chance(0.3) ? 3 : 2
  const events: Event[] = []
  for (let left = random.pick([1, 2, 4, 8]); left > 0; left--) {
    const at = random.int(60, 46 * 60) * second + random.int(0, 999)
    const made = quiet ? rolling(at, size) : befall(at, size, random)
    // all of them before a calm, or none
    if (made.every((e) => e.at < settleFrom && !calms.some((c) => e.at >= c.from && e.at < c.to)))
      events.push(...made)
  }
  return { size, events, leaseFaults: quiet ? [] : leaseFaultsOf(random, calms, settleFrom) }
}

/** A rolling update: each is asked to end once its successor is there. */
const rolling = (at: number, size: number): Event[] =>
  Array.from({ length: size }, (_, who) => ({
    at: at + who * 20 * second,
    do: 'stop',
    who,
    downFor: 0,
  }))

/** Often something more befalls them while one is taking over. */
function befall(at: number, size: number, random: Random): Event[] {
  const first = trouble(at, size, random)
  if (random.chance(0.2)) return rolling(at, size)
  if (random.chance(0.6)) return [first]
  return [first, trouble(at + random.int(1, 30_000), size, random)]
}

function trouble(at: number, size: number, random: Random): Event {
  const who: Who = random.chance(0.7) ? 'owner' : random.int(0, size - 1)
  const downFor = random.pick([0, 1, 15, 90]) * second
  return random.pick<Event>([
    { at, do: 'crash', who, downFor },
    { at, do: 'crash-at-call', who, calls: random.int(1, 40), downFor },
    { at, do: 'stop', who, downFor },
    { at, do: 'suspend', who, for: random.pick([5, 9, 12, 16, 25, 60, 300]) * second },
    { at, do: 'suspend', who, for: random.int(8_000, 20_000) },
    { at, do: 'partition', who, for: random.pick([5, 9, 12, 16, 25, 60, 300]) * second },
  ])
}

/** What goes wrong with calls for the Lease alone: most of all, renewals that take place and are not answered. */
function leaseFaultsOf(random: Random, calms: readonly Calm[], settleFrom: number): ApiFault[] {
  return Array.from({ length: random.pick([0, 0, 1, 2]) }, (): ApiFault => {
    const from = random.int(1, 45 * 60) * second
    const next = Math.min(
      settleFrom,
      ...calms.filter((c) => c.to > from).map((c) => Math.max(from, c.from)),
    )
    return {
      from,
      to: Math.min(from + random.pick([10, 30, 120]) * second, next),
      only: 'Lease',
      down: false,
      refused: random.pick([0, 0.2]),
      throttled: 0,
      conflict: random.pick([0, 0.2]),
      lostAnswer: random.pick([0.2, 0.6, 1]),
      lag: random.pick([0, 300, 3_000]),
      stale: 0,
    }
  }).filter(({ from, to }) => to > from)
}
