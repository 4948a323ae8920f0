import type { Cluster, Ref, WatchEvent } from '../../src/cluster.ts'
import type { EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure } from '../../src/errors.ts'
import type { Resource, Scale } from '../../src/resources.ts'
import type { Random } from './random.ts'
import type { ApiFault } from './scenario.ts'
import type { ProcessClock, World } from './time.ts'

export type Verb = Exclude<keyof Cluster, 'server' | 'close'>

/** One call of a process. */
export interface Call {
  readonly verb: Verb
  readonly kind: string
  readonly name: string
  readonly writes: boolean
}

/** A process as the network sees it. */
export interface Caller {
  readonly clock: ProcessClock
  readonly isDead: () => boolean
  /** While the process is suspended, what arrives waits. */
  readonly gate: () => Promise<void> | undefined
  /** Until when (of the world) this process alone cannot reach the API server. */
  readonly cutUntil: () => number
  /** The process may die at any of these: before a call takes place, and after it. */
  boundary(): void
  /** The process was given this object. */
  saw(object: Resource): void
  /** The process was given this scale of a target. */
  read(scale: Scale): void
  /** A write is on its way, with what is to be there. */
  issued(call: Call, wanted: unknown): void
  /** A write took place, or the server refused it. */
  wrote(call: Call, done: Done): void
}

/** What became of a write at the server. */
export interface Done {
  readonly wanted: unknown
  readonly refused: boolean
  /** Versions before and after; equal where nothing changed. */
  readonly before: Resource | Scale | undefined
  readonly after: Resource | Scale | undefined
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
const noAbort = new AbortController().signal
const cutOff: ApiFault = {
  from: 0,
  to: 0,
  down: true,
  refused: 0,
  throttled: 0,
  conflict: 0,
  lostAnswer: 0,
  lag: 0,
  stale: 0,
}
const unreachable = (why: string): Error =>
  failure('CLUSTER_UNREACHABLE', { server: 'embedded', why })

/** The cluster as one process reaches it: over a network that fails as the scenario says, until the process dies. */
export function networkOf(
  cluster: EmbeddedCluster,
  world: World,
  caller: Caller,
  faultsNow: (kind: string) => ApiFault | undefined,
  random: Random,
): Cluster {
  const isCut = (): boolean => world.now() < caller.cutUntil()
  const faultNow = (kind: string): ApiFault | undefined => (isCut() ? cutOff : faultsNow(kind))
  const refused = (call: Call, fault: ApiFault): Error | undefined => {
    if (fault.down || random.chance(fault.refused)) return unreachable('simulated')
    if (random.chance(fault.throttled)) return failure('CLUSTER_THROTTLED', { what: call.verb })
    if (call.writes && random.chance(fault.conflict))
      return failure('CLUSTER_CONFLICT', { what: call.name })
    return undefined
  }

  const passed = async <T>(
    call: Call,
    signal: AbortSignal,
    serve: () => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted()
    caller.boundary()
    if (caller.isDead()) return never()
    const fault = faultNow(call.kind)
    const lag = fault ? fault.lag * random.next() : 0
    if (lag > 0) await world.sleep(lag, call.writes ? noAbort : signal)
    const why = fault && refused(call, fault)
    if (why === undefined) {
      // a call that is on its way takes place also when its sender has died meanwhile
      const answer = await serve()
      caller.boundary()
      if (caller.isDead()) return never()
      if (lag > 0) await caller.clock.sleep(lag / 2, signal)
      await caller.gate()
      if (fault && call.writes && random.chance(fault.lostAnswer)) throw unreachable('answer lost')
      return answer
    }
    await caller.gate()
    if (caller.isDead()) return never()
    throw why
  }

  const write = <T extends Resource | Scale | void>(
    call: Call,
    find: () => Promise<Resource | Scale | undefined>,
    wanted: unknown,
    signal: AbortSignal,
    serve: () => Promise<T>,
  ): Promise<T> => {
    if (!caller.isDead()) caller.issued(call, wanted)
    // who gives up does not stop what is on its way
    return orAborted(
      signal,
      passed(call, signal, async () => {
        const before = await find()
        try {
          const after = await serve()
          caller.wrote(call, { wanted, refused: false, before, after: after ?? undefined })
          return after
        } catch (error) {
          caller.wrote(call, { wanted, refused: true, before, after: before })
          throw error
        }
      }),
    )
  }

  const found =
    (
      kind: Parameters<Cluster['get']>[0],
      { namespace = '', name }: Partial<Ref> & { name: string },
    ) =>
    (): Promise<Resource | undefined> =>
      cluster.get(kind, { namespace, name }, noAbort)

  const seen = async <T extends Resource>(answer: Promise<T>): Promise<T> => {
    const object = await answer
    caller.saw(object)
    return object
  }

  async function* watch<T extends Resource>(
    ...[kind, where, signal]: Parameters<Cluster['watch']>
  ): AsyncGenerator<WatchEvent<T>> {
    await passed(callOf('watch', kind.kind, '', false), signal, async () => undefined)
    // the kind's own type is the caller's claim, as on the wire
    for await (const event of cluster.watch(kind, where, signal) as AsyncIterable<WatchEvent<T>>) {
      const stale = faultNow(kind.kind)?.stale ?? 0
      if (stale > 0) await caller.clock.sleep(stale, signal)
      // a connection that is cut goes on once packets get through again
      while (isCut()) await caller.clock.sleep(caller.cutUntil() - world.now(), signal)
      await caller.gate()
      if (caller.isDead()) await never()
      if (event.type !== 'BOOKMARK') caller.saw(event.object)
      yield event
    }
  }

  return {
    server: 'embedded',
    async list(kind, where, signal) {
      const page = await passed(callOf('list', kind.kind, '', false), signal, () =>
        cluster.list(kind, where, noAbort),
      )
      for (const object of page.items) caller.saw(object)
      return page
    },
    // the generator has the type of the port
    watch: watch as Cluster['watch'],
    get: (kind, ref, signal) =>
      passed(callOf('get', kind.kind, ref.name, false), signal, () =>
        cluster.get(kind, ref, noAbort),
      ),
    create: (kind, object, signal) =>
      write(
        callOf('create', kind.kind, object.metadata.name, true),
        async () => undefined,
        object,
        signal,
        () => cluster.create(kind, object, noAbort),
      ),
    replace: (kind, object, signal) =>
      write(
        callOf('replace', kind.kind, object.metadata.name, true),
        found(kind, object.metadata),
        object,
        signal,
        () => cluster.replace(kind, object, noAbort),
      ),
    patch(kind, ref, patch, options, signal) {
      const call = callOf('patch', kind.kind, ref.name, true)
      const answer = write(call, found(kind, ref), patch, signal, () =>
        cluster.patch(kind, ref, patch, options, noAbort),
      )
      // who writes a status reads nothing else from the answer
      return options.subresource === 'status' ? answer : seen(answer)
    },
    apply: (kind, object, signal) =>
      write(
        callOf('apply', kind.kind, object.metadata.name, true),
        found(kind, object.metadata),
        object,
        signal,
        () => cluster.apply(kind, object, noAbort),
      ),
    remove: (kind, ref, options, signal) =>
      write(callOf('remove', kind.kind, ref.name, true), found(kind, ref), ref, signal, () =>
        cluster.remove(kind, ref, options, noAbort),
      ),
    async readScale(target, ref, signal) {
      const scale = await passed(callOf('readScale', target.kind, ref.name, false), signal, () =>
        cluster.readScale(target, ref, noAbort),
      )
      if (scale) caller.read(scale)
      return scale
    },
    writeScale: (target, scale, signal) =>
      write(
        callOf('writeScale', target.kind, scale.metadata.name, true),
        () => cluster.readScale(target, refOf(scale), noAbort),
        scale,
        signal,
        () => cluster.writeScale(target, scale, noAbort),
      ),
    issueToken: () => Promise.reject(unreachable('no tokens in a simulation')),
    resolve: (apiVersion, kind, signal) =>
      passed(callOf('resolve', kind, '', false), signal, () =>
        cluster.resolve(apiVersion, kind, noAbort),
      ),
    getAny: (target, ref, signal) =>
      passed(callOf('getAny', target.kind, ref.name, false), signal, () =>
        cluster.getAny(target, ref, noAbort),
      ),
    close: async () => undefined,
  }
}

const refOf = ({ metadata }: Scale): Ref => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
})

const callOf = (verb: Verb, kind: string, name: string, writes: boolean): Call => ({
  verb,
  kind,
  name,
  writes,
})

function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
