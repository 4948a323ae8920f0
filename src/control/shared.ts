import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import type { Limit } from '../limit.ts'
import type { Log } from '../log.ts'
import type { Pods } from '../pods.ts'
import type { Engine } from '../poll/port.ts'
import type { HorizontalPodAutoscaler, ScaledObject, TriggerAuthentication } from '../resources.ts'
import type { AnyScaler } from '../scaler.ts'
import type { Contents } from './contents.ts'
import type { Events } from './events.ts'
import type { ControlMeter } from './meter.ts'
import type { Targets } from './target.ts'

/** What every workload shares. */
export interface Shared {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly engine: Engine
  readonly targets: Targets
  readonly contents: Contents
  readonly events: Events
  readonly meter: ControlMeter
  /** Reconciles under way at once, over all workloads. */
  readonly limited: Limit
  /** Ebb's version, a label of what it makes. */
  readonly version: string
  /** Where Secrets of ClusterTriggerAuthentications are. */
  readonly clusterNamespace: string
  readonly hold: boolean
  /** Uniform in [0, 1), seeded: spreads retries. */
  readonly random: () => number
  /** The scaler of a trigger type; fails with TRIGGER_UNKNOWN. */
  readonly load: (type: string) => Promise<AnyScaler>
  readonly findAuthentication: (
    kind: string,
    namespace: string,
    name: string,
  ) => TriggerAuthentication | undefined
  readonly followPods: Pods['follow']
  /** The metrics API as a source. */
  readonly podMetrics: AnyScaler
  readonly findHpa: (namespace: string, name: string) => HorizontalPodAutoscaler | undefined
  /** Why a workload must not scale its target: somebody else does. Empty where it may. */
  readonly rivals: (object: ScaledObject) => readonly string[]
  /** False in shadow mode, where Ebb decides and records but writes nothing at all, and for one that stands by. */
  readonly writes: () => boolean
  /** Nothing is written for no other reason than that the Lease is not this replica's any more. */
  readonly standsBy: () => boolean
  /** Who serves the external metrics API in Ebb's place; undefined where Ebb does. */
  readonly metricsOwner: () => string | undefined
}

/** Why nothing is written; asked where `writes` is false. */
export const withheldAs = ({ standsBy }: Pick<Shared, 'standsBy'>): 'standby' | 'shadow' =>
  standsBy() ? 'standby' : 'shadow'

/** Failures that pass by themselves: what runs goes on, and the work is tried again. */
export const passing = [
  'CLUSTER_UNREACHABLE',
  'CLUSTER_THROTTLED',
  'CLUSTER_CONFLICT',
  'CLUSTER_FAILED',
  'NOT_LEADING',
] as const
