import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { ownManager } from '../core/foreign.ts'
import { defaultFlags } from '../core/replicas.ts'
import { crds } from '../crds/crds.ts'
import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Pod } from '../resources.ts'
import { startCollector } from './collector.ts'
import type { Definition } from './custom.ts'
import { boundEvents } from './events.ts'
import type { Faults } from './faults.ts'
import type { Ground } from './ground.ts'
import { startHpas } from './hpa.ts'
import type { ReadExternalMetric } from './hpa-metrics.ts'
import { createIdentity, seededRandom } from './identity.ts'
import { startJobs } from './jobs.ts'
import type { Program } from './kubelet.ts'
import { startKubelet } from './kubelet.ts'
import { createOwners } from './owners.ts'
import { createPort, type Front } from './port.ts'
import type { Policy } from './reviews.ts'
import { allowAll } from './reviews.ts'
import { kindId } from './rule.ts'
import { createRules } from './rules.ts'
import { startScheduler } from './scheduler.ts'
import { createServer } from './server.ts'
import { createStore } from './store.ts'
import { createWatches, whereMatcher } from './watch.ts'
import { startWorkloads } from './workloads.ts'

/** What an embedded cluster is made with; all but the clock has a default. Times are in ms. */
export interface EmbeddedOptions {
  readonly clock: Clock
  /** Numbers in [0, 1) for uids and names; a fixed sequence where absent, so that equal scripts give equal clusters. */
  readonly random?: () => number
  /** How many changes watches and paged lists can look back on (10,000). */
  readonly history?: number
  /** Between two bookmarks of a watch (60 s). */
  readonly bookmarks?: number
  /** How many Events are kept; the oldest go first (1,000). */
  readonly events?: number
  /** From one sync of an HPA to the next (15 s). */
  readonly hpaSync?: number
  /** The HPA controller's flag of that name (300 s). */
  readonly downscaleStabilization?: number
  /** What HPAs read external metrics by; where absent, none can be read. */
  readonly readExternalMetric?: ReadExternalMetric
  /** From the placing of a pod to its being ready (1 s). */
  readonly podStart?: number
  /** How long the pod of a Job runs that has no program (5 s). */
  readonly jobRun?: number
  /** What pods do once they are ready; nothing where absent. */
  readonly program?: Program
  /** Custom resources beside those of keda.sh, which are always there. */
  readonly definitions?: readonly Definition[]
  /** Answers token and access reviews; everything is allowed where absent. */
  readonly policy?: Policy
}

/**
 * A cluster in memory: the API server's rules over one store, and the controllers Ebb works with. All of its time is the
 * clock's, so on a manual clock everything that happens is repeatable.
 *
 * Departs from a real cluster: namespaces need not exist and removing one removes nothing in it; there is no admission
 * but schemas (no CEL); `ownership.ts` says which subset of server-side apply there is, `writers.ts` which
 * part of managedFields.
 */
export interface EmbeddedCluster extends Cluster {
  /** The same cluster for somebody else: writes are noted under this field manager. */
  as(manager: string): Omit<Cluster, 'close'>
  /** The pods that match a label selector, in the order of their names. */
  pods(namespace: string, labelSelector?: string): readonly Pod[]
  /** Adds a node with room for so many pods. Without any, one node takes all pods. */
  addNode(name: string, room: number): void
  /** Adds a custom resource, or replaces its definition. */
  define(definition: Definition): void
  /** Forgets all history: watches and lists from before fail with CLUSTER_GONE. */
  compact(): void
  /** Ends every open watch. */
  cutWatches(): void
  /** Lets nothing through any open watch from now on. */
  muteWatches(): void
  /** From now on, what happens to calls of the port; `{}` ends all faults. */
  setFaults(faults: Faults): void
  /** Ends watches and controllers and stops all pods; resolves when their programs have ended. Later calls fail. */
  close(): Promise<void>
}

export function createEmbedded(options: EmbeddedOptions): EmbeddedCluster {
  const ground = prepare(options)
  const { store } = ground
  const watches = createWatches(store, options.clock, options.bookmarks ?? 60_000)
  const controllers = startControllers(ground, options)
  let faults: Faults = {}
  let closed = false
  const front: Front = {
    watches,
    policy: options.policy ?? allowAll,
    faults: () => faults,
    closed: () => closed,
  }
  return {
    ...createPort(ground, front, { manager: ownManager }),
    as: (manager) => createPort(ground, front, { manager }),
    pods(namespace, labelSelector = '') {
      const found = store.values(podKind).filter(whereMatcher({ namespace, labelSelector }))
      return found
    },
    addNode: controllers.addNode,
    define: (definition) => ground.rules.add(definition),
    compact: () => store.compact(),
    cutWatches: () => watches.cut(),
    muteWatches: () => watches.mute(),
    setFaults(next) {
      faults = next
    },
    async close() {
      closed = true
      watches.cut()
      await controllers.stop()
    },
  }
}

const podKind = kindId(kinds.pod)

function prepare({ clock, history = 10_000, random, definitions = [] }: EmbeddedOptions): Ground {
  const store = createStore(Math.max(1, history))
  const identity = createIdentity(random ?? seededRandom(1))
  return {
    clock,
    store,
    identity,
    server: createServer(store, clock, identity),
    rules: createRules([...crds(), ...definitions]),
    owners: createOwners(store),
  }
}

interface Controllers {
  readonly addNode: (name: string, room: number) => void
  readonly stop: () => Promise<void>
}

function startControllers(ground: Ground, options: EmbeddedOptions): Controllers {
  const { podStart = 1_000, jobRun = 5_000, hpaSync = 15_000 } = options
  const { downscaleStabilization = defaultFlags.downscaleStabilization * 1000 } = options
  const scheduler = startScheduler(ground)
  const kubelet = startKubelet(ground, { podStart, jobRun, program: options.program })
  const stops = [
    () => scheduler.close(),
    startWorkloads(ground),
    startJobs(ground),
    startHpas(ground, {
      sync: hpaSync,
      flags: { ...defaultFlags, downscaleStabilization: downscaleStabilization / 1000 },
      read: options.readExternalMetric ?? unserved,
    }),
    startCollector(ground),
    boundEvents(ground.store, options.events ?? 1_000),
    () => ground.owners.close(),
  ]
  return {
    addNode: (name, room) => scheduler.addNode(name, room),
    async stop() {
      for (const stop of stops) stop()
      await kubelet.close()
    },
  }
}

/** What the aggregation layer answers for an API that nobody serves. */
const unserved: ReadExternalMetric = async () => {
  throw failure('CLUSTER_NOT_FOUND', { what: 'the API external.metrics.k8s.io' })
}
