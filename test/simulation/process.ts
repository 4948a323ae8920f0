import { createStores } from '../../src/auth/stores.ts'
import { startControl, type Control } from '../../src/compose/control.ts'
import { allSynced, openMirrors } from '../../src/compose/mirrors.ts'
import { createHost } from '../../src/compose/host.ts'
import { noMeter } from '../../src/control/meter.ts'
import type { MetricValue } from '../../src/control/insight.ts'
import { failure } from '../../src/errors.ts'
import { anywhere } from '../../src/http.ts'
import type { Log } from '../../src/log.ts'
import type { EmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { Checker, Knowledge } from './checker.ts'
import { networkOf, type Caller } from './network.ts'
import type { Random } from './random.ts'
import type { ApiFault } from './scenario.ts'
import type { Sources } from './sources.ts'
import { processClock, type World } from './time.ts'

/** One process of Ebb: the whole controller, on its own clock and its own way to the cluster. */
export interface Process {
  readonly id: string
  readonly alive: boolean
  /** The loops, once they run. */
  readonly control: Control | undefined
  /** What an HPA is answered; never, where the process dies meanwhile. */
  read(namespace: string, name: string, metric: string): Promise<readonly MetricValue[]>
  /** No effect of it reaches the outside any more, whatever it was about to do. */
  kill(): void
  /** It dies at the nth boundary of a call from here. */
  killAtCall(calls: number): void
  suspend(ms: number): void
  /** Ends in order. */
  stop(): Promise<void>
}

export interface Surroundings {
  readonly world: World
  readonly cluster: EmbeddedCluster
  readonly sources: Sources
  readonly checker: Checker
  readonly faultNow: () => ApiFault | undefined
  readonly random: Random
  readonly log: Log
  readonly died: (process: Process) => void
}

const noEngineMeter = { late() {}, asked() {}, inFlight() {} }

export function startProcess(id: string, skew: number, around: Surroundings): Process {
  const { world, cluster, sources, checker, random, log } = around
  const clock = processClock(world, skew)
  const end = new AbortController()
  let alive = true
  let resumes = 0
  let callsLeft = Number.POSITIVE_INFINITY
  let control: Control | undefined
  const knowledge: Knowledge = checker.started(id, skew)

  const kill = (): void => {
    if (!alive) return
    alive = false
    clock.kill()
    knowledge.ended()
    end.abort(new Error(`${id} is dead`))
    around.died(process)
  }

  const gate = (): Promise<void> | undefined =>
    world.now() < resumes
      ? new Promise((resolve) => void world.after(resumes - world.now(), resolve))
      : undefined

  const caller: Caller = {
    clock,
    isDead: () => !alive,
    gate,
    boundary() {
      if (--callsLeft <= 0) kill()
    },
    saw: (object) => knowledge.saw(object),
    issued: (call, wanted) => knowledge.issued(call, wanted),
    wrote: (call, done) => knowledge.wrote(call, done),
  }
  const port = networkOf(cluster, world, caller, around.faultNow, random.fork())
  const scalers = sources.scalersOf({
    clock,
    gate,
    isDead: () => !alive,
    heard: (query, told, sure) => knowledge.heard(query, told, sure),
    lastKind: (query) => knowledge.lastKind(query),
  })
  const own = random.fork()
  const draw = (): number => own.next()

  const run = async (): Promise<void> => {
    const stores = createStores({ cluster: port, clock })
    const scope = { namespaces: [], labelSelector: '' }
    const mirrors = openMirrors(port, clock, scope, draw, log, end.signal)
    await allSynced(mirrors)
    if (!alive) return
    control = startControl({
      cluster: port,
      clock,
      log,
      random: draw,
      mirrors,
      host: (pods) => createHost(clock, 3_000, anywhere, stores, pods),
      load: async (type) => {
        const found = scalers.get(type)
        if (!found) throw failure('TRIGGER_UNKNOWN', { type, known: [...scalers.keys()] })
        return found
      },
      stores,
      meters: { engine: noEngineMeter, control: noMeter },
      instance: id,
      version: 'simulated',
      clusterNamespace: 'ebb',
      hold: false,
      hpaSyncPeriod: 15_000,
      digestKey: new Uint8Array(32),
      writes: () => true,
      metricsOwner: () => undefined,
    })
    knowledge.runs(control.insight)
  }

  const process: Process = {
    id,
    get alive() {
      return alive
    },
    get control() {
      return control
    },
    async read(namespace, name, metric) {
      await gate()
      if (!control) throw failure('CLUSTER_UNREACHABLE', { server: id, why: 'it does not run' })
      const values = await control.readings.read(namespace, name, metric)
      await gate()
      if (!alive) return new Promise(() => undefined)
      knowledge.gave(name, metric, values)
      return values
    },
    kill,
    killAtCall(calls) {
      callsLeft = calls
    },
    suspend(ms) {
      resumes = Math.max(resumes, world.now() + ms)
      clock.suspend(resumes)
    },
    async stop() {
      await control?.close()
      kill()
    },
  }
  // ends only by being killed; what goes wrong at a start is a defect
  run().catch((thrown: unknown) => {
    if (alive) checker.broken(`${id} could not start`, thrown)
  })
  return process
}
