import { createStores } from '../../src/auth/stores.ts'
import type { Cluster } from '../../src/cluster.ts'
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
import { joinTeam, type Member, type Peer } from './member.ts'
import { networkOf, type Caller } from './network.ts'
import type { Random } from './random.ts'
import type { ApiFault } from './scenario.ts'
import type { Sources } from './sources.ts'
import { processClock, type ProcessClock, type World } from './time.ts'

/** One process of Ebb: the whole controller, on its own clock and its own way to the cluster. */
export interface Process {
  readonly id: string
  readonly alive: boolean
  /** Whether all objects were read, so that it may be asked. */
  readonly ready: boolean
  /** The loops, while they run. */
  readonly control: Control | undefined
  /** Whether it may write: alone it always may. */
  readonly leads: boolean
  /** What other replicas may ask of it. */
  readonly peer: Peer | undefined
  /** Since when (of the world) it is able to lead; undefined while it is suspended, cut off, leaving or not ready. */
  readonly fitSince: number | undefined
  /** When (of the world) it last went on after it was suspended. */
  readonly resumedAt: number
  /** Until when (of the world) it was or is suspended, or cut off. */
  readonly hamperedUntil: number
  /** Whether it has ended as it was asked to. */
  readonly hasLeft: boolean
  /** What an HPA is answered; never, where the process dies meanwhile. */
  read(namespace: string, name: string, metric: string): Promise<readonly MetricValue[]>
  /** No effect of it reaches the outside any more, whatever it was about to do. */
  kill(): void
  /** It dies at the nth boundary of a call from here. */
  killAtCall(calls: number): void
  suspend(ms: number): void
  /** For so long it cannot reach the API server. */
  cut(ms: number): void
  /** Ends in order. */
  stop(): Promise<void>
}

export interface Surroundings {
  readonly world: World
  readonly cluster: EmbeddedCluster
  readonly sources: Sources
  readonly checker: Checker
  readonly faultNow: (kind: string) => ApiFault | undefined
  readonly random: Random
  readonly log: Log
  /** Whether other replicas run beside it, so that it needs the Lease. */
  readonly several: boolean
  readonly reach: (address: string) => Peer | undefined
  readonly died: (process: Process) => void
}

/** For how long a process may die at a call (ms). */
export const lethal = 60_000
const noEngineMeter = { late() {}, asked() {}, inFlight() {} }
/** What is asked to end and has not is killed after this (ms), as a pod is. */
const patience = 30_000

export function startProcess(id: string, skew: number, around: Surroundings): Process {
  const { world, cluster, checker, random, log } = around
  const clock = processClock(world, skew)
  const end = new AbortController()
  let alive = true
  let syncedAt: number | undefined
  let leaving = false
  let left = false
  let resumes = world.now()
  let cutUntil = world.now()
  let callsLeft = Number.POSITIVE_INFINITY
  let loops: Control | undefined
  let member: Member | undefined

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

  /** As who asks sees it: late, where the process is suspended, and never, where it dies. */
  const answered = async <T>(answer: () => Promise<T>): Promise<T> => {
    await gate()
    const given = await answer()
    await gate()
    return alive ? given : new Promise(() => undefined)
  }

  const process: Process = {
    id,
    get alive() {
      return alive
    },
    get ready() {
      return alive && syncedAt !== undefined
    },
    get control() {
      return member ? member.control : loops
    },
    get leads() {
      return alive && (member?.leads ?? true)
    },
    get peer() {
      if (!alive || !member) return undefined
      const { peer } = member
      return {
        leaving: peer.leaving,
        read: (namespace: string, name: string, metric: string) =>
          answered(() => peer.read(namespace, name, metric)),
      }
    },
    get fitSince() {
      const since = Math.max(syncedAt ?? Infinity, resumes, cutUntil)
      return alive && !leaving && since <= world.now() ? since : undefined
    },
    get resumedAt() {
      return resumes
    },
    get hamperedUntil() {
      return Math.max(resumes, cutUntil)
    },
    get hasLeft() {
      return left
    },
    read: (namespace, name, metric) =>
      answered(async () => {
        if (member) return member.read(namespace, name, metric)
        if (!loops) throw failure('CLUSTER_UNREACHABLE', { server: id, why: 'it does not run' })
        return loops.readings.read(namespace, name, metric)
      }),
    kill,
    killAtCall(calls) {
      callsLeft = calls
      // at rest hardly anything is called, and a calm must not be broken by what befell it long before
      world.after(lethal, () => {
        callsLeft = Number.POSITIVE_INFINITY
      })
    },
    suspend(ms) {
      resumes = Math.max(resumes, world.now() + ms)
      clock.suspend(resumes)
    },
    cut(ms) {
      cutUntil = Math.max(cutUntil, world.now() + ms)
    },
    async stop() {
      if (leaving) return
      leaving = true
      knowledge.leaving()
      if (member) world.after(patience, kill)
      await (member ?? loops)?.close()
      left = alive
      kill()
    },
  }
  const knowledge: Knowledge = checker.started(process, skew)

  const caller: Caller = {
    clock,
    isDead: () => !alive,
    gate,
    cutUntil: () => cutUntil,
    boundary() {
      if (--callsLeft <= 0) kill()
    },
    saw: (object) => knowledge.saw(object),
    read: (scale) => knowledge.read(scale),
    issued: (call, wanted) => knowledge.issued(call, wanted),
    wrote: (call, done) => knowledge.wrote(call, done),
  }
  const port = networkOf(cluster, world, caller, around.faultNow, random.fork())
  const own = random.fork()
  const draw = (): number => own.next()
  const scope = { namespaces: [], labelSelector: '' }

  const run = async (): Promise<void> => {
    const mirrors = openMirrors(port, clock, scope, draw, log, end.signal)
    const start = (writable: Cluster, writes: () => boolean): Control =>
      startTerm({ id, clock, gate, isDead: () => !alive, draw, mirrors, knowledge }, around, {
        cluster: writable,
        writes,
      })
    if (around.several)
      member = joinTeam({
        id,
        clock,
        cluster: port,
        log,
        random: draw,
        signal: end.signal,
        synced: allSynced(mirrors),
        reach: around.reach,
        async startLoops(fenced, writes) {
          await allSynced(mirrors).catch(() => new Promise(() => undefined))
          return start(fenced, writes)
        },
      })
    await allSynced(mirrors)
    if (!alive) return
    syncedAt = world.now()
    if (!around.several) loops = start(port, () => true)
  }
  // ends only by being killed; what goes wrong at a start is a defect
  run().catch((thrown: unknown) => {
    if (alive) checker.broken(`${id} could not start`, thrown)
  })
  return process
}

interface Running {
  readonly id: string
  readonly clock: ProcessClock
  readonly gate: () => Promise<void> | undefined
  readonly isDead: () => boolean
  readonly draw: () => number
  readonly mirrors: ReturnType<typeof openMirrors>
  readonly knowledge: Knowledge
}

/** Starts the loops; what a process was told counts for as long as these run. */
function startTerm(
  { id, clock, gate, isDead, draw, mirrors, knowledge }: Running,
  { sources, log }: Surroundings,
  { cluster, writes }: { readonly cluster: Cluster; readonly writes: () => boolean },
): Control {
  let over = false
  const scalers = sources.scalersOf({
    clock,
    gate,
    isDead,
    asks: () => knowledge.asked(),
    heard(query, told, sure) {
      if (!over) knowledge.heard(query, told, sure)
    },
    denied: (query) => knowledge.tried(query),
    lastKind: (query) => knowledge.lastKind(query),
  })
  const stores = createStores({ cluster, clock })
  const control = startControl({
    cluster,
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
    writes,
    standsBy: () => !writes(),
    metricsOwner: () => undefined,
  })
  knowledge.runs(control.insight)
  return {
    insight: control.insight,
    readings: {
      async read(namespace, name, metric) {
        const values = await control.readings.read(namespace, name, metric)
        if (!isDead()) knowledge.gave(name, metric, values)
        return values
      },
    },
    get size() {
      return control.size
    },
    sources: () => control.sources(),
    async close() {
      await control.close()
      over = true
      if (!isDead()) knowledge.rests()
    },
  }
}
