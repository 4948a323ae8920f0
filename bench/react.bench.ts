/**
 * How soon a change that a user makes reaches the workload while 1,000 others are polled: from the call that changes the
 * ScaledObject to Ebb's write of the scale. The real loop and clock, on the cluster in memory; the source is its own process.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createStores } from '../src/auth/stores.ts'
import { systemClock as clock } from '../src/clock.ts'
import type { Cluster } from '../src/cluster.ts'
import { startControl } from '../src/compose/control.ts'
import { createHost } from '../src/compose/host.ts'
import { allSynced, openMirrors } from '../src/compose/mirrors.ts'
import { createEmbedded } from '../src/embedded/cluster.ts'
import { anywhere } from '../src/http.ts'
import { kinds } from '../src/kinds.ts'
import { load } from '../src/registry.ts'
import { silentLog } from '../src/log.ts'
import type { ScaledObject, Workload } from '../src/resources.ts'
import { createMetrics } from '../src/serve/metrics.ts'
import { deployment, scaledObject } from './fleet.objects.ts'
import type { Order, Seen } from './fleet.source.ts'
import { percentiles, round, type Percentiles } from './measure.ts'
import { render } from './table.ts'

export interface ReactFigures {
  readonly workloads: number
  /** Of the others, while it was measured. */
  readonly polls_per_s: number
  /** ms from the change to the write. */
  readonly spec_ms: Percentiles
  readonly pause_ms: Percentiles
  readonly unpause_ms: Percentiles
}

export type Change = 'spec' | 'pause' | 'unpause'

const interval = 5
/** A change that takes longer (ms) fails the benchmark. */
const patience = 10_000
/** So long that no HPA writes what Ebb is waited for (ms). */
const hpaSync = 3_600_000
const pausedAt = (replicas: string | null): object => ({
  metadata: { annotations: { 'autoscaling.keda.sh/paused-replicas': replicas } },
})

/** What is done to a workload of one replica whose source has work, and the replicas it must then be given. */
export const steps: readonly {
  readonly name: Change
  readonly patch: object
  readonly wanted: number
}[] = [
  { name: 'spec', patch: { spec: { minReplicaCount: 2 } }, wanted: 2 },
  { name: 'pause', patch: pausedAt('0'), wanted: 0 },
  { name: 'unpause', patch: pausedAt(null), wanted: 2 },
]

export async function run({
  quick,
  log,
}: {
  readonly quick: boolean
  readonly log: (line: string) => void
}): Promise<ReactFigures> {
  const workloads = 1_000
  const samples = quick ? 50 : 300
  const source = fork(new URL('./fleet.source.ts', import.meta.url), { stdio: 'inherit' })
  try {
    const [port] = await once(source, 'message')
    tell(source, { answer: 10 })
    await using world = await openWorld()
    await fill(world.cluster, workloads, `http://127.0.0.1:${port}`)
    await untilPolled(source, workloads)
    tell(source, 'reset')
    const from = performance.now()
    const times = await changeAll(world, workloads, samples)
    const seconds = (performance.now() - from) / 1_000
    const figures: ReactFigures = {
      workloads,
      polls_per_s: round(pollsOf(await report(source)) / seconds),
      spec_ms: percentiles(times.spec),
      pause_ms: percentiles(times.pause),
      unpause_ms: percentiles(times.unpause),
    }
    print(figures, samples, log)
    return figures
  } finally {
    source.kill()
  }
}

interface World extends AsyncDisposable {
  readonly cluster: Cluster
  /** When (ms) Ebb next writes this count to this workload; call it before the change. */
  readonly written: (name: string, replicas: number) => Promise<number>
}

async function openWorld(): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const embedded = createEmbedded({ clock, hpaSync })
  opened.defer(() => embedded.close())
  const waiting = new Map<string, (at: number) => void>()
  const cluster: Cluster = {
    ...embedded,
    writeScale(target, scale, signal) {
      waiting.get(`${scale.metadata.name} ${scale.spec.replicas}`)?.(performance.now())
      return embedded.writeScale(target, scale, signal)
    },
  }
  const end = new AbortController()
  opened.defer(() => end.abort())
  const scope = { namespaces: [], labelSelector: '' }
  const mirrors = openMirrors(cluster, clock, scope, Math.random, silentLog, end.signal)
  await allSynced(mirrors)
  const metrics = createMetrics({ clock, build: { version: 'bench', commit: '' } })
  const stores = createStores({ cluster, clock })
  const control = startControl({
    cluster,
    stores,
    clock,
    log: silentLog,
    random: Math.random,
    mirrors,
    host: (pods) => createHost(clock, 3_000, anywhere, stores, pods),
    load,
    meters: { engine: metrics.engine, control: metrics.control },
    instance: 'bench',
    version: 'bench',
    clusterNamespace: 'default',
    hold: false,
    hpaSyncPeriod: 15_000,
    digestKey: new Uint8Array(32),
    writes: () => true,
    standsBy: () => false,
    metricsOwner: () => undefined,
  })
  opened.defer(() => control.close())
  const running = opened.move()
  return {
    cluster,
    async written(name, replicas) {
      const key = `${name} ${replicas}`
      const write = new Promise<number>((resolve) => waiting.set(key, resolve))
      const late = AbortSignal.timeout(patience)
      try {
        return await Promise.race([write, rejectsOn(late, `${key}: no write in ${patience} ms`)])
      } finally {
        waiting.delete(key)
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const rejectsOn = (signal: AbortSignal, why: string): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(why)), { once: true })
  })

const never = new AbortController().signal

async function fill(cluster: Cluster, count: number, url: string): Promise<void> {
  const ofWorkload = deployment(1)
  const ofScaledObject = scaledObject(url, interval)
  for (let i = 0; i < count; i++) {
    // both make whole objects of their kinds
    await cluster.create(kinds.deployment, ofWorkload(i) as Workload, never)
    await cluster.create(kinds.scaledObject, ofScaledObject(i) as ScaledObject, never)
  }
}

/** Resolves once every workload has been polled twice, so that none is new. */
async function untilPolled(source: ChildProcess, count: number): Promise<void> {
  const end = performance.now() + 60_000
  while (performance.now() < end) {
    const { queries } = await report(source)
    const polled = Object.values(queries).filter((times) => times.length > 1)
    if (polled.length >= count) return
    await delay(500)
  }
  throw new Error('the workloads were not all polled within a minute')
}

/** One change after the other, at odd moments between the polls. */
async function changeAll(
  { cluster, written }: World,
  workloads: number,
  samples: number,
): Promise<Readonly<Record<Change, readonly number[]>>> {
  const times: Record<Change, number[]> = { spec: [], pause: [], unpause: [] }
  for (let i = 0; i < samples; i++) {
    const { name } = named(scaledObject('', interval)(Math.floor((i * workloads) / samples)))
    for (const step of steps) {
      await delay(Math.random() * 40)
      const write = written(name, step.wanted)
      const from = performance.now()
      await cluster.patch(kinds.scaledObject, { namespace: 'default', name }, step.patch, {}, never)
      times[step.name].push((await write) - from)
    }
  }
  return times
}

// fleet.objects makes nothing without a name
const named = (object: object): { readonly name: string } => (object as ScaledObject).metadata

const tell = (source: ChildProcess, order: Order): void => {
  source.send(order)
}

async function report(source: ChildProcess): Promise<Seen> {
  const answer = once(source, 'message')
  tell(source, 'report')
  const [seen] = await answer
  return seen
}

const pollsOf = ({ queries }: Seen): number =>
  Object.values(queries).reduce((sum, times) => sum + times.length, 0)

function print(figures: ReactFigures, samples: number, log: (line: string) => void): void {
  const row = (name: string, p: Percentiles): (string | number)[] => [name, p.p50, p.p99, p.max]
  log(
    render({
      title: `From a change to the write, ${samples} of each, ${figures.workloads} workloads polled every ${interval} s (${figures.polls_per_s} polls/s)`,
      columns: ['', 'p50 ms', 'p99', 'max'],
      rows: [
        row('minReplicaCount raised', figures.spec_ms),
        row('paused at 0', figures.pause_ms),
        row('unpaused', figures.unpause_ms),
      ],
    }),
  )
}

if (import.meta.main) console.log(JSON.stringify(await run({ quick: true, log: console.log })))
