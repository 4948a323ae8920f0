import type { TestContext } from 'node:test'
import {
  type EmbeddedCluster,
  type EmbeddedOptions,
  createEmbedded,
} from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { Pod, Workload } from '../../src/resources.ts'
import { workload } from '../contract/cluster/fixtures.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'

type Scaled = 'Deployment' | 'StatefulSet'

export interface EmbeddedStage {
  readonly cluster: EmbeddedCluster
  readonly clock: ManualClock
  readonly signal: AbortSignal
  /** Makes a workload named `app` in the namespace `ns`. */
  readonly deploy: (kind: Scaled, replicas: number, spec?: object) => Promise<Workload>
  /** Sets spec.replicas of `app` through its scale. */
  readonly scale: (kind: Scaled, replicas: number) => Promise<void>
  /** The pods of `app`. */
  readonly pods: () => readonly Pod[]
}

/** An embedded cluster on a manual clock that is closed after the test. */
export function stage(t: TestContext, options: Partial<EmbeddedOptions> = {}): EmbeddedStage {
  const clock = manualClock()
  const cluster = createEmbedded({ clock, ...options })
  t.after(() => cluster.close())
  const target = { Deployment: kinds.deployment, StatefulSet: kinds.statefulSet }
  return {
    cluster,
    clock,
    signal: t.signal,
    deploy: (kind, replicas, spec = {}) => {
      const object = workload(kind, 'ns', 'app', replicas)
      const whole = { ...object, spec: { ...object.spec, ...spec } }
      return cluster.create(target[kind], whole, t.signal)
    },
    async scale(kind, replicas) {
      const scale = await cluster.readScale(target[kind], ref('app'), t.signal)
      if (!scale) throw new Error('there is no app')
      await cluster.writeScale(target[kind], { ...scale, spec: { replicas } }, t.signal)
    },
    pods: () => cluster.pods('ns', 'app=app'),
  }
}

export const ref = (name: string): { readonly namespace: string; readonly name: string } => ({
  namespace: 'ns',
  name,
})

export const names = (
  objects: readonly { readonly metadata: { readonly name: string } }[],
): readonly string[] => objects.map(({ metadata }) => metadata.name)

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** Everything an iteration gives until it ends. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Reads an iteration one step at a time. */
export const reader = <T>(items: AsyncIterable<T>): AsyncIterator<T, undefined> =>
  items[Symbol.asyncIterator]()
