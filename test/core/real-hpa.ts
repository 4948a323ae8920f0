import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from '../../src/cluster.ts'
import type { HpaCondition } from '../../src/core/hpa-conditions.ts'
import type { Scaled } from '../../src/core/proposal.ts'
import { kinds } from '../../src/kinds.ts'
import type { HorizontalPodAutoscaler, Workload } from '../../src/resources.ts'
import type { Series } from './replicas.series.ts'

/**
 * Syncs of the HPA happen at multiples of this (ms): one that comes earlier is held at its first question for a metric.
 * No window and no policy of a series ends near a multiple, so that a few ms more or less never decide.
 */
export const pace = 1_100

/** One sync of the real HPA: when (ms of the series) it was given which values, and what it saw of its target. */
export interface Sync {
  readonly at: number
  readonly values: ReadonlyMap<string, string>
  readonly scaled: Scaled
}

export interface Recording {
  /** In order. A sync that asks for no metric, because the count is 0 or out of bounds, leaves no mark. */
  readonly syncs: readonly Sync[]
  /** What somebody else set the count to, and when. */
  readonly others: readonly { readonly at: number; readonly replicas: number }[]
  /** The count after the last of them. */
  readonly last: number
  readonly conditions: readonly HpaCondition[]
  /** How long (ms) the API server took at most to answer a read: a measure of how busy the machine was. */
  readonly slowest: number
}

/** One series on a real HPA. */
export interface Player {
  readonly deployment: Workload
  /** The answer to the HPA's question for one of this series' metrics. */
  answer(metric: string): Promise<string | undefined>
  /** Plays the series; the Deployment must be up. Resolves when it is over. */
  play(): Promise<Recording>
}

const namespace = 'default'
const now = (): number => performance.timeOrigin + performance.now()

/** `id` tells the objects and metrics of this series from those of others. */
export function player(cluster: Cluster, series: Series, id: string): Player {
  const ref = { namespace, name: id }
  const signal = AbortSignal.timeout(300_000)
  const target = kinds.deployment
  const perPod = series.metrics.every((m) => m.type === 'AverageValue')
  const syncs: Sync[] = []
  const others: { at: number; replicas: number }[] = []
  const end = placeOf(series.until) * pace
  /** Resolved by the first question after the end: all that came of the syncs before is written then. */
  const over = Promise.withResolvers<void>()
  const read = Promise.withResolvers<void>()
  let zero = Number.POSITIVE_INFINITY
  let slowest = 0

  const elapsed = (): number => now() - zero
  const until = (time: number): Promise<void> => delay(Math.max(0, time - elapsed()))
  const sinceLast = (): number => elapsed() - (syncs.at(-1)?.at ?? -pace)

  /**
   * The first question of a sync: the HPA has looked at the scale, and counts the pods when it has the answer. A sync right after
   * another is not held, for while it is held the next one falls due and would come right after it again.
   */
  const begin = async (): Promise<void> => {
    const early = sinceLast() < pace / 2
    const grid = Math.max(0, (early ? Math.floor : Math.ceil)(elapsed() / pace)) * pace
    if (grid > end) return over.resolve()
    const before = now()
    const scale = await cluster.readScale(target, ref, signal)
    slowest = Math.max(slowest, now() - before)
    await until(grid)
    const { spec = { replicas: 0 }, status = { replicas: 0 } } = scale ?? {}
    const pods = perPod
      ? { pods: status.replicas, ready: status.replicas }
      : await podsOf(cluster, id, signal)
    const scaled = { spec: spec.replicas, status: status.replicas, ...pods }
    syncs.push({ at: elapsed(), values: valuesAt(series, grid), scaled })
  }

  /** Somebody else sets the count. Only for an HPA that asks nothing then: no other could be told when it sees it. */
  const interfere = async (at: number, replicas: number): Promise<void> => {
    await until((placeOf(at) - 0.5) * pace)
    others.push({ at: elapsed(), replicas })
    await cluster.patch(target, ref, { spec: { replicas } }, {}, signal)
  }

  return {
    deployment: deploymentOf(series, id),
    async answer(metric) {
      const name = metric.slice(id.length + 1)
      if (name === series.metrics[0]?.name) await begin()
      if (elapsed() > end + pace / 2) await read.promise
      const value = (syncs.at(-1)?.values ?? valuesAt(series, 0)).get(name)
      return value === 'missing' ? undefined : value
    },
    async play() {
      await cluster.create(kinds.hpa, hpaOf(series, id), signal)
      zero = now() + pace
      for (const { at, replicas } of series.steps) {
        if (replicas !== undefined) await interfere(at, replicas)
      }
      await until(end + pace / 2)
      await Promise.race([over.promise, until(end + 2 * pace)])
      const [scale, hpa] = await Promise.all([
        cluster.readScale(target, ref, signal),
        cluster.get(kinds.hpa, ref, signal),
      ])
      read.resolve()
      // the HPA's own conditions have these types
      const conditions = (hpa?.status?.conditions ?? []) as readonly HpaCondition[]
      return { syncs, others, slowest, last: scale?.spec.replicas ?? Number.NaN, conditions }
    },
  }
}

/** The first place on the grid that is not before a second of the series. */
export const placeOf = (second: number): number => Math.ceil((second * 1000) / pace)

/** What every metric answers at a time (ms of the series). */
function valuesAt(series: Series, at: number): ReadonlyMap<string, string> {
  const past = series.steps.filter((s) => placeOf(s.at) * pace <= at)
  return new Map(past.flatMap((s) => Object.entries(s.values ?? {})))
}

async function podsOf(
  cluster: Cluster,
  id: string,
  signal: AbortSignal,
): Promise<Pick<Scaled, 'pods' | 'ready'>> {
  const { items } = await cluster.list(kinds.pod, { namespace, labelSelector: `app=${id}` }, signal)
  const ready = items.filter((p) =>
    p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  )
  return { pods: items.length, ready: ready.length }
}

const deploymentOf = (series: Series, id: string): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: id, namespace },
  spec: {
    replicas: series.start,
    selector: { matchLabels: { app: id } },
    template: {
      metadata: { labels: { app: id } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
})

function hpaOf(series: Series, id: string): HorizontalPodAutoscaler {
  const { min, max, behavior } = series
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: id, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: id },
      minReplicas: min,
      maxReplicas: max,
      metrics: series.metrics.map(({ name, type, target }) => ({
        type: 'External',
        external: {
          metric: { name: `${id}-${name}` },
          target: type === 'Value' ? { type, value: target } : { type, averageValue: target },
        },
      })),
      ...(behavior === undefined ? {} : { behavior }),
    },
  }
}
