import { randomOf } from './random.ts'
import type { Calm, Event } from './scenario.ts'

const second = 1_000

/**
 * A process that is suspended for long while somebody sets replicas by hand: when it goes on, that is the first it learns, and
 * all that it knows of the queues is old. Drawn apart, so that the stories of other seeds stay as they were.
 */
export function gapsOf(
  seed: number,
  names: readonly string[],
  calms: readonly Calm[],
  settleFrom: number,
): readonly Event[] {
  const random = randomOf(seed ^ 0x9a95)
  if (!random.chance(0.1)) return []
  const at = random.int(60, 35 * 60) * second + random.int(0, 999)
  const lasts = random.pick([100, 200, 600]) * second
  const end = at + lasts
  if (end >= settleFrom || calms.some(({ from, to }) => end >= from && at < to)) return []
  return [
    { at, do: 'suspend', for: lasts },
    ...names.map((name): Event => ({
      at: random.int(at + 1, end - 1),
      do: 'scale',
      name,
      replicas: random.int(1, 5),
    })),
  ]
}
