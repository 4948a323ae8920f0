import type { Stores } from '../auth/stores.ts'
import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { createContents } from '../control/contents.ts'
import {
  createController,
  findAuthenticationIn,
  type Controller,
  type Mirrors,
} from '../control/controller.ts'
import { createEvents } from '../control/events.ts'
import type { ControlMeter } from '../control/meter.ts'
import { createTargets } from '../control/target.ts'
import { limit } from '../limit.ts'
import type { Log } from '../log.ts'
import { createEngine } from '../poll/engine.ts'
import { createPods, type Pods } from '../pods.ts'
import type { EngineMeter, SourceFacts } from '../poll/port.ts'
import type { AnyScaler, Host } from '../scaler.ts'

/** What the loops are made of. */
export interface ControlParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly mirrors: Mirrors
  /** What scalers are lent, given the views of pods. */
  readonly host: (pods: Pods) => Host
  /** The scaler of a trigger type; fails with TRIGGER_UNKNOWN. */
  readonly load: (type: string) => Promise<AnyScaler>
  readonly stores: Stores
  readonly meters: { readonly engine: EngineMeter; readonly control: ControlMeter }
  /** This replica's name, in events. */
  readonly instance: string
  readonly version: string
  readonly clusterNamespace: string
  readonly hold: boolean
  readonly hpaSyncPeriod: number
  /** Digests what sources are reached by; the same in every replica and after a restart. */
  readonly digestKey: Uint8Array
  readonly writes: () => boolean
  readonly standsBy: () => boolean
  readonly metricsOwner: () => string | undefined
}

export interface Control extends Controller {
  sources(): readonly SourceFacts[]
}

/** Reconciles under way at once: enough to keep the API server busy, too few to trouble it. */
const reconciles = 24

/** Starts the engine and one loop per workload. The mirrors must be synced. */
export function startControl(parts: ControlParts): Control {
  const { cluster, clock, log, mirrors, random } = parts
  const stop = new AbortController()
  const pods = createPods(cluster, clock, random)
  const engine = createEngine({
    clock,
    host: parts.host(pods),
    meter: parts.meters.engine,
    digestKey: parts.digestKey,
    hpaSyncPeriod: parts.hpaSyncPeriod,
    random,
  })
  const contents = createContents(parts.stores, clock)
  const events = createEvents(cluster, clock, parts.instance, log, stop.signal)
  const controller = createController(mirrors, {
    cluster,
    clock,
    log,
    engine,
    contents,
    events,
    random,
    load: parts.load,
    targets: createTargets(cluster, mirrors.deployments, mirrors.statefulSets),
    meter: parts.meters.control,
    limited: limit(reconciles),
    version: parts.version,
    clusterNamespace: parts.clusterNamespace,
    hold: parts.hold,
    findAuthentication: findAuthenticationIn(mirrors),
    findHpa: (namespace, name) => mirrors.hpas.get(namespace, name),
    followPods: (...which) => pods.follow(...which),
    writes: parts.writes,
    standsBy: parts.standsBy,
    metricsOwner: parts.metricsOwner,
  })
  return {
    insight: controller.insight,
    readings: controller.readings,
    get size() {
      return controller.size
    },
    sources: () => engine.sources(),
    async close() {
      await controller.close()
      await engine.close()
      await pods.close()
      contents.close()
      await events.close()
      stop.abort()
    },
  }
}
