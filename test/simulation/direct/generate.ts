import type { Behavior, ScaledObject } from '../../../src/resources.ts'
import type { Random } from '../random.ts'
import type { Event, Scenario } from '../scenario.ts'

const second = 1_000
const minute = 60 * second
const annotated = (value: string | null): object => ({
  metadata: { annotations: { 'ebb.dev/scaling': value } },
})

/** Ebb scales by itself, without an HPA, most workloads of a tenth of the seeds; some are paused for long, in one direction. */
export function withDirect(
  plain: Scenario,
  random: Random,
  spare: (at: number) => boolean,
): Scenario {
  if (plain.objects.length === 0 || !random.chance(0.1)) return plain
  const made = new Map(
    plain.objects.map((object) => {
      const behavior = random.chance(0.5) ? behaviorOf(random) : undefined
      const chosen = random.chance(0.8)
      return [object.metadata.name, chosen ? directly(object, behavior) : object] as const
    }),
  )
  const direct = withObjects(plain, (object) => made.get(object.metadata.name) ?? object)
  const pauses = plain.objects.flatMap((object) => pauseOf(object, random, spare))
  const contests = random.chance(0.4) ? contestOf(random.pick(plain.objects), random, spare) : []
  return withEvents(direct, [...pauses, ...contests])
}

/** Another controller that writes the replicas again and again. */
function contestOf(
  { metadata: { name } }: ScaledObject,
  random: Random,
  spare: (at: number) => boolean,
): readonly Event[] {
  const from = random.int(60, 35 * 60) * second
  const times = Array.from({ length: random.int(2, 4) }, (_, i) => from + i * 50 * second)
  if (!times.every(spare)) return []
  return times.map((at, i) => ({
    at: at + random.int(0, 20_000),
    do: 'scale',
    name,
    replicas: 1 + ((i * 3) % 7),
    by: 'another-controller',
  }))
}

function pauseOf(
  { metadata: { name } }: ScaledObject,
  random: Random,
  spare: (at: number) => boolean,
): readonly Event[] {
  if (!random.chance(0.5)) return []
  const at = random.int(60, 35 * 60) * second
  const back = at + random.pick([300, 600]) * second
  if (!spare(at) || !spare(back)) return []
  const key = `autoscaling.keda.sh/${random.pick(['paused-scale-in', 'paused-scale-out'])}`
  const annotated = (value: string | null): object => ({
    metadata: { annotations: { [key]: value } },
  })
  return [
    { at, do: 'change', name, patch: annotated('true') },
    { at: back, do: 'change', name, patch: annotated(null) },
  ]
}

export const withEvents = (plain: Scenario, events: readonly Event[]): Scenario => ({
  ...plain,
  events: [...plain.events, ...events].sort((a, b) => a.at - b.at),
})

/** Users change their minds about who scales, in a tenth of the seeds: to the other mode, and back a while later. */
export function withMoves(
  plain: Scenario,
  random: Random,
  spare: (at: number) => boolean,
): Scenario {
  if (plain.objects.length === 0 || !random.chance(0.1)) return plain
  const events: Event[] = []
  for (let left = random.pick([1, 2, 3]); left > 0; left--) {
    const { metadata } = random.pick(plain.objects)
    const at = random.int(2, 40) * minute + random.int(0, 59) * second
    const back = at + random.pick([20, 120, 400, 900]) * second
    if (!spare(at) || !spare(back)) continue
    const own = metadata.annotations?.['ebb.dev/scaling'] ?? null
    const { name } = metadata
    events.push(
      { at, do: 'change', name, patch: annotated(own === null ? 'direct' : null) },
      { at: back, do: 'change', name, patch: annotated(own) },
    )
  }
  return withEvents(plain, events)
}

/** The same story with other objects, those that are made again among them. */
export const withObjects = (
  plain: Scenario,
  change: (object: ScaledObject) => ScaledObject,
): Scenario => ({
  ...plain,
  objects: plain.objects.map(change),
  events: plain.events.map((e) => (e.do === 'create' ? { ...e, object: change(e.object) } : e)),
})

const directly = (object: ScaledObject, behavior: Behavior | undefined): ScaledObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, 'ebb.dev/scaling': 'direct' },
  },
  spec: {
    ...object.spec,
    ...(behavior && { advanced: { horizontalPodAutoscalerConfig: { behavior } } }),
  },
})

/** None of it takes longer than `slowest` from the largest count to the smallest, or back. */
function behaviorOf(random: Random): Behavior {
  const policy = (): object =>
    random.pick([
      {},
      { policies: [{ type: 'Pods', value: 10, periodSeconds: 15 }] },
      { policies: [{ type: 'Percent', value: 50, periodSeconds: 30 }] },
    ])
  return {
    ...(random.chance(0.7) && {
      scaleDown: {
        stabilizationWindowSeconds: random.pick([0, 30, 120, 300]),
        ...(random.chance(0.15) ? { selectPolicy: 'Disabled' } : policy()),
      },
    }),
    ...(random.chance(0.5) && {
      scaleUp: { stabilizationWindowSeconds: random.pick([0, 0, 30, 90]), ...policy() },
    }),
  }
}

/** How long policies may hold a count back altogether, ms. */
export const slowest = 400 * second
