import type { ScaledObject } from '../../src/resources.ts'
import { withDirect, withMoves } from './direct/generate.ts'
import { gapsOf } from './gaps.ts'
import { generateJobs } from './jobs/generate.ts'
import { noJobs } from './jobs/scenario.ts'
import { randomOf, type Random } from './random.ts'
import type {
  ApiFault,
  Calm,
  Event,
  Queue,
  QueueFaultKind,
  Scenario,
  SourceFault,
  SourceFaultKind,
} from './scenario.ts'
import { teamOf } from './team.ts'
import { withWays } from './ways/generate.ts'

const second = 1_000
const minute = 60 * second
/** Chaos until here, with islands of calm; then all is well and everything must come right. */
const settleFrom = 48 * minute
const end = 68 * minute

const sourceKinds: readonly SourceFaultKind[] = [
  'unreachable',
  'refused',
  'denied',
  'hang',
  'deaf',
  'slow',
  'throttled',
  'garbled',
  'amnesia',
]
const queueKinds: readonly QueueFaultKind[] = [
  'error',
  'empty',
  'nan',
  'infinite',
  'negative',
  'huge',
]

/** Makes everything that happens from the seed. */
export function generate(seed: number): Scenario {
  const jobs = withJobs(ordinary(seed), randomOf(seed ^ 0x10b5))
  const free = (at: number): boolean => spare(jobs.calms, at)
  const direct = withDirect(jobs, randomOf(seed ^ 0xd13c), free)
  const moved = withMoves(direct, randomOf(seed ^ 0x30de), free)
  // without an HPA all of this is the same, and checked by the rules of one alone
  return moved === jobs ? withWays(moved, randomOf(seed ^ 0x3a75)) : moved
}

/** ScaledJobs in a third of the seeds, drawn from a stream of their own; in half of those they are alone. */
function withJobs(plain: Scenario, random: Random): Scenario {
  if (!random.chance(0.35)) return plain
  const { calms } = plain
  const alone = random.chance(0.5)
  const jobs = generateJobs(random.fork(), {
    quiet: plain.apiFaults.length + plain.sourceFaults.length === 0,
    settleFrom,
    spare: (at) => spare(calms, at),
    faults: (draw, queues) => sourceFaultsOf(draw, queues, calms),
  })
  return {
    ...plain,
    ...(alone && { objects: [] }),
    jobs,
    sourceFaults: [...plain.sourceFaults, ...jobs.faults],
    events: [
      ...plain.events.filter((event) => !alone || !('name' in event || 'object' in event)),
      ...jobs.events,
    ].sort((a, b) => a.at - b.at),
  }
}

/** Everything but ScaledJobs. A fifth of the seeds know no faults, so that the ordinary is seen too. */
function ordinary(seed: number): Scenario {
  const random = randomOf(seed)
  const quiet = random.chance(0.2)
  const calms = calmsOf(random.fork())
  const sources = random.chance(0.5) ? ['s0'] : ['s0', 's1']
  const names = ['a', 'b', 'c'].slice(0, random.pick([1, 1, 2, 2, 3]))
  const queues = queuesOf(random.fork(), sources, calms)
  const draw = random.fork()
  const objects = names.map((name) => objectOf(name, queues, draw))
  const start = random.fork()
  const replicas = Object.fromEntries(
    names.map((name) => [name, start.chance(0.6) ? 0 : start.int(1, 5)]),
  )
  const faulty = random.fork()
  const team = teamOf(seed, quiet, calms, settleFrom)
  return {
    seed,
    queues,
    objects,
    jobs: noJobs,
    replicas,
    sourceFaults: quiet ? [] : sourceFaultsOf(faulty, queues, calms),
    apiFaults: [...team.leaseFaults, ...(quiet ? [] : apiFaultsOf(faulty, calms))],
    events: [
      ...team.events,
      ...(quiet ? [] : gapsOf(seed, names, calms, settleFrom)),
      ...(quiet ? [] : troublesOf(faulty, names, calms)),
      ...changesOf(random.fork(), objects, calms),
    ].sort((a, b) => a.at - b.at),
    calms,
    settleFrom,
    end,
    team: team.size,
    skews: !quiet && random.chance(0.2) ? [0, random.int(-60, 60) * second] : [0],
  }
}

/** One island of calm of 12 minutes, in half of the seeds; always the end. */
function calmsOf(random: Random): readonly Calm[] {
  const last: Calm = { from: settleFrom, to: end }
  if (random.chance(0.5)) return [last]
  const from = random.int(5, 34) * minute
  return [{ from, to: from + 14 * minute }, last]
}

const inCalm = (calms: readonly Calm[], at: number): boolean =>
  calms.some(({ from, to }) => at >= from && at < to)

function queuesOf(
  random: Random,
  sources: readonly string[],
  calms: readonly Calm[],
): readonly Queue[] {
  return ['q0', 'q1', 'q2', 'q3'].slice(0, random.int(1, 4)).map((name) => ({
    name,
    source: random.pick(sources),
    lengths: lengthsOf(random, calms),
  }))
}

/** Busy and idle times in turn, of very different lengths, sometimes with jitter around the same load. */
function lengthsOf(random: Random, calms: readonly Calm[]): Queue['lengths'] {
  const busy = (): number => random.pick([1, 3, 5, 6, 20, 49, 120, 10_000])
  const lengths = [{ at: 0, length: random.chance(0.5) ? 0 : busy() }]
  let at = 0
  for (;;) {
    at += Math.ceil(random.pick([20, 60, 200, 600, 1500]) * (0.3 + random.next()) * second)
    if (at >= settleFrom) return lengths
    if (inCalm(calms, at)) continue
    const before = lengths.at(-1)?.length ?? 0
    const length = random.chance(0.25) ? before + 1 : before > 0 && random.chance(0.6) ? 0 : busy()
    lengths.push({ at, length })
  }
}

function objectOf(name: string, queues: readonly Queue[], random: Random): ScaledObject {
  const count = Math.min(queues.length, random.pick([1, 1, 2, 3]))
  const first = random.int(0, queues.length - 1)
  const chosen = queues.slice(first).concat(queues).slice(0, count)
  const min = random.pick([0, 0, 0, 1, 2])
  const max = random.pick([1, 3, 10, 100])
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { namespace: 'default', name },
    spec: {
      scaleTargetRef: { name },
      pollingInterval: random.pick([10, 20, 30, 30, 60]),
      cooldownPeriod: random.pick([0, 30, 60, 300, 300]),
      minReplicaCount: Math.min(min, max),
      maxReplicaCount: max,
      ...(random.chance(0.2) && { initialCooldownPeriod: random.pick([30, 120, 600]) }),
      ...(min > 0 && min < max && random.chance(0.3) && { idleReplicaCount: 0 }),
      ...(random.chance(0.3) && { fallback: fallbackOf(random) }),
      triggers: chosen.map((queue, index) => ({
        type: random.chance(0.5) ? 'queue' : 'batch-queue',
        name: `t${index}`,
        ...(random.chance(0.2) && { useCachedMetrics: true }),
        metadata: {
          queue: queue.name,
          source: queue.source,
          target: String(random.pick([1, 5, 5, 20])),
          activation: String(random.pick([0, 0, 0, 5])),
          ignoreEmpty: String(random.chance(0.3)),
        },
      })),
    },
  }
}

const fallbackOf = (random: Random): NonNullable<ScaledObject['spec']['fallback']> => ({
  failureThreshold: random.int(1, 4),
  replicas: random.int(0, 6),
  ...(random.chance(0.4) && {
    behavior: random.pick([
      'static',
      'currentReplicas',
      'currentReplicasIfHigher',
      'currentReplicasIfLower',
    ]),
  }),
})

function sourceFaultsOf(
  random: Random,
  queues: readonly Queue[],
  calms: readonly Calm[],
): readonly SourceFault[] {
  const count = random.pick([0, 2, 4, 8])
  return Array.from({ length: count }, (): SourceFault => {
    const queue = random.pick(queues)
    const whole = random.chance(0.6)
    const kind = whole ? random.pick(sourceKinds) : random.pick(queueKinds)
    const calm = random.chance(0.3) ? calms.find((c) => c.from < settleFrom) : undefined
    const from = calm ? calm.from - second : random.int(1, 45) * minute - random.int(0, 59) * second
    const lasts =
      kind === 'amnesia' ? 15 * second : random.pick([5, 20, 60, 180, 600, 900]) * second
    return {
      ...placed(
        calm && kind !== 'amnesia' ? { from, to: calm.to } : { from, to: from + lasts },
        calms,
      ),
      source: queue.source,
      queue: whole ? undefined : queue.name,
      kind,
      amount:
        kind === 'throttled'
          ? random.pick([1, 10, 60, 400]) * second
          : random.pick([200, 1_500, 2_900, 3_500]),
    }
  }).filter(({ from, to }) => to > from)
}

/** Faults neither begin nor end within a calm: one that would is cut short, unless it lasts all through. */
function placed(
  { from, to }: { readonly from: number; readonly to: number },
  calms: readonly Calm[],
): { readonly from: number; readonly to: number } {
  let [a, b] = [from, Math.min(to, settleFrom)]
  for (const calm of calms) {
    if (a < calm.from && b >= calm.to) continue
    if (a < calm.from && b > calm.from) b = calm.from
    else if (a >= calm.from && a < calm.to) [a, b] = [calm.to, Math.max(b, calm.to)]
  }
  return { from: a, to: Math.min(b, settleFrom) }
}

function apiFaultsOf(random: Random, calms: readonly Calm[]): readonly ApiFault[] {
  return Array.from({ length: random.pick([0, 1, 3, 5]) }, (): ApiFault => {
    const from = random.int(0, 45) * minute + random.int(0, 59) * second
    const share = (): number => (random.chance(0.4) ? random.pick([0.05, 0.3, 0.8]) : 0)
    const until = from + random.pick([5, 30, 120, 400]) * second
    const next = Math.min(
      settleFrom,
      ...calms.filter((c) => c.to > from).map((c) => Math.max(from, c.from)),
    )
    return {
      from,
      to: Math.min(until, next),
      down: random.chance(0.2),
      refused: share(),
      throttled: share(),
      conflict: share(),
      lostAnswer: share(),
      lag: random.chance(0.5) ? random.pick([20, 300, 3_000]) : 0,
      stale: random.chance(0.4) ? random.pick([500, 5_000, 45_000]) : 0,
    }
  }).filter(({ from, to }) => to > from)
}

function troublesOf(random: Random, names: readonly string[], calms: readonly Calm[]): Event[] {
  const events: Event[] = []
  for (let left = random.pick([0, 1, 3, 6]); left > 0; left--) {
    const at = random.int(1, 46 * 60) * second + random.int(0, 999)
    if (!spare(calms, at)) continue
    const downFor = random.pick([0, 1, 15, 90, 400]) * second
    events.push(
      random.pick<Event>([
        { at, do: 'crash', downFor },
        { at, do: 'crash-at-call', calls: random.int(1, 40), downFor },
        { at, do: 'crash-at-call', calls: random.int(1, 40), downFor },
        { at, do: 'stop', downFor },
        { at, do: 'suspend', for: random.pick([2, 20, 100, 600]) * second },
        { at, do: 'cut-watches' },
        { at, do: 'mute-watches' },
        { at, do: 'compact' },
        { at, do: 'touch', name: random.pick(names) },
      ]),
    )
  }
  return events
}

/** What users do: annotations come and go, numbers change, replicas are set by hand, objects are deleted and made again. */
function changesOf(
  random: Random,
  objects: readonly ScaledObject[],
  calms: readonly Calm[],
): Event[] {
  const events: Event[] = []
  for (let left = random.pick([0, 0, 1, 2, 4]); left > 0; left--) {
    const at = random.int(2, 40) * minute + random.int(0, 59) * second
    const back = at + random.pick([10, 60, 300]) * second
    if (!spare(calms, at) || !spare(calms, back)) continue
    const object = random.pick(objects)
    const { name } = object.metadata
    const annotate = (key: string, value: string): void => {
      const annotated = (text: string | null): object => ({
        metadata: { annotations: { [`autoscaling.keda.sh/${key}`]: text } },
      })
      events.push({ at, do: 'change', name, patch: annotated(value) })
      events.push({ at: back, do: 'change', name, patch: annotated(null) })
    }
    random.pick([
      () => annotate('paused', 'true'),
      () => annotate('paused-replicas', String(random.int(0, 7))),
      () => annotate('paused-scale-in', 'true'),
      () => annotate('paused-scale-out', 'true'),
      () => annotate('force-activation', 'true'),
      () => events.push({ at, do: 'scale', name, replicas: random.int(0, 12) }),
      () => {
        const spec = {
          cooldownPeriod: random.pick([0, 60, 300]),
          pollingInterval: random.pick([10, 30]),
        }
        events.push({ at, do: 'change', name, patch: { spec } })
      },
      () => {
        events.push({ at, do: 'delete', name })
        events.push({ at: back, do: 'create', object })
      },
    ])()
  }
  return events
}

/** Not in a calm, and not so shortly before one that what follows would reach into it. */
const spare = (calms: readonly Calm[], at: number): boolean => at < settleFrom && !inCalm(calms, at)
