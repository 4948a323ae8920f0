import type { ScaledJob } from '../../../src/resources.ts'
import type { Random } from '../random.ts'
import type { Event, SourceFault } from '../scenario.ts'
import { asQueue, type JobScenario, type WorkQueue } from './scenario.ts'

const second = 1_000
const minute = 60 * second

/** What the generator of all lends: when it is calm, and how faults of sources are made. */
export interface Lent {
  readonly quiet: boolean
  readonly settleFrom: number
  readonly spare: (at: number) => boolean
  readonly faults: (
    random: Random,
    queues: readonly ReturnType<typeof asQueue>[],
  ) => readonly SourceFault[]
}

/** ScaledJobs with the queues they work on, and what users do with them. */
export function generateJobs(random: Random, lent: Lent): JobScenario {
  const queues = ['w0', 'w1', 'w2']
    .slice(0, random.int(1, 3))
    .map((name) => queueOf(name, random.fork(), lent))
  const draw = random.fork()
  const names = ['ja', 'jb'].slice(0, random.pick([1, 1, 2]))
  const objects = names.map((name, index) => objectOf(name, sharesOf(queues, names, index), draw))
  return {
    queues,
    objects,
    faults: lent.quiet ? [] : lent.faults(random.fork(), queues.map(asQueue)),
    events: changesOf(random.fork(), objects, lent),
    podStart: random.pick([200, 1_000, 1_000, 20_000, 45_000]),
  }
}

/** No two work on one queue: neither could tell what the other takes. */
const sharesOf = (
  queues: readonly WorkQueue[],
  names: readonly string[],
  index: number,
): readonly WorkQueue[] => {
  const own = queues.filter((_, at) => at % names.length === index)
  return own.length > 0 ? own : queues.slice(0, 1)
}

function queueOf(name: string, random: Random, { settleFrom, spare }: Lent): WorkQueue {
  const arrivals = []
  let at = random.int(0, 120) * second
  let left = random.pick([10, 25, 50])
  while (at < settleFrom - 2 * minute && left > 0) {
    const count = Math.min(left, random.pick([1, 1, 2, 3, 5, 12]))
    if (spare(at)) arrivals.push({ at, count })
    left -= count
    at += Math.ceil(random.pick([5, 20, 60, 300, 900]) * (0.3 + random.next()) * second)
  }
  return {
    name,
    source: random.pick(['j0', 'j1']),
    arrivals,
    countsTaken: random.chance(0.6),
    takes: random.pick([1, 5, 20, 60, 150]) * second,
    fails: random.chance(0.3) ? 0.15 : 0,
    perJob: random.pick([1, 1, 1, 5]),
  }
}

function objectOf(name: string, queues: readonly WorkQueue[], random: Random): ScaledJob {
  const max = random.pick([1, 2, 3, 5, 10, 30])
  const min = random.pick([0, 0, 0, 0, 1, 2, 4])
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: { namespace: 'default', name },
    spec: {
      jobTargetRef: templateOf(0),
      pollingInterval: random.pick([10, 20, 30, 30, 60]),
      ...(random.chance(0.9) && { maxReplicaCount: max }),
      ...(min > 0 && { minReplicaCount: min }),
      ...(random.chance(0.6) && { successfulJobsHistoryLimit: random.pick([0, 1, 3, 10]) }),
      ...(random.chance(0.4) && { failedJobsHistoryLimit: random.pick([0, 1, 2]) }),
      ...(random.chance(0.5) && { rollout: rolloutOf(random) }),
      ...(random.chance(0.8) && { scalingStrategy: strategyOf(random) }),
      triggers: queues.map((queue, index) => ({
        type: random.chance(0.5) ? 'queue' : 'batch-queue',
        name: `t${index}`,
        metadata: {
          queue: queue.name,
          source: queue.source,
          target: String(random.pick([1, 1, 1, 2, 5])),
          activation: String(random.pick([0, 0, 0, 0, 2])),
          ignoreEmpty: String(random.chance(0.3)),
        },
      })),
    },
  }
}

const templateOf = (
  version: number,
): ScaledJob['spec']['jobTargetRef'] & { backoffLimit: number } => ({
  backoffLimit: 0,
  template: { spec: { containers: [{ name: 'main', image: `image:${version}` }] } },
})

const rolloutOf = (random: Random): NonNullable<ScaledJob['spec']['rollout']> => ({
  strategy: random.pick(['gradual', 'gradual', 'immediate']),
  ...(random.chance(0.4) && { propagationPolicy: random.pick(['foreground', 'background']) }),
})

const strategyOf = (random: Random): NonNullable<ScaledJob['spec']['scalingStrategy']> => ({
  strategy: random.pick(['default', 'custom', 'accurate', 'accurate', 'eager']),
  customScalingQueueLengthDeduction: random.pick([0, 0, 1, 2]),
  customScalingRunningJobPercentage: random.pick(['0.5', '1', '0.25', '0', 'half']),
  ...(random.chance(0.3) && {
    pendingPodConditions: random.pick([['Ready'], ['Ready', 'ContainersReady'], ['Initialized']]),
  }),
  ...(random.chance(0.7) && {
    multipleScalersCalculation: random.pick(['min', 'avg', 'sum', 'max']),
  }),
})

function changesOf(random: Random, objects: readonly ScaledJob[], { spare }: Lent): Event[] {
  const events: Event[] = []
  for (let left = random.pick([0, 1, 2, 3]); left > 0; left--) {
    const at = random.int(2, 40) * minute + random.int(0, 59) * second
    const back = at + random.pick([10, 60, 300]) * second
    if (!spare(at) || !spare(back)) continue
    const object = random.pick(objects)
    const { name } = object.metadata
    const change = (spec: object): void =>
      void events.push({ at, do: 'change-job', name, patch: { spec } })
    const paused = (text: string | null): object => ({
      metadata: { annotations: { 'autoscaling.keda.sh/paused': text } },
    })
    random.pick([
      () => {
        events.push({ at, do: 'change-job', name, patch: paused('true') })
        events.push({ at: back, do: 'change-job', name, patch: paused(null) })
      },
      () => change({ maxReplicaCount: random.pick([1, 4, 8]) }),
      () => change({ jobTargetRef: templateOf(left) }),
      () =>
        change({ scalingStrategy: { strategy: random.pick(['default', 'accurate', 'eager']) } }),
      () => change({ rollout: rolloutOf(random), jobTargetRef: templateOf(left) }),
      () => {
        events.push({ at, do: 'delete-job', name })
        events.push({ at: back, do: 'create-job', object })
      },
    ])()
  }
  return events
}
