import { createStores } from '../../auth/stores.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import type { Clock } from '../../clock.ts'
import { startControl } from '../../compose/control.ts'
import { createHost } from '../../compose/host.ts'
import { listen } from '../../compose/listen.ts'
import { allSynced, openMirrors } from '../../compose/mirrors.ts'
import type { Insight, Readings } from '../../control/insight.ts'
import { formatReading } from '../../core/quantity.ts'
import { createEmbedded, type EmbeddedCluster } from '../../embedded/cluster.ts'
import { isFailure } from '../../errors.ts'
import { anywhere } from '../../http.ts'
import { silentLog } from '../../log.ts'
import { load } from '../../registry.ts'
import { dashboard } from '../../serve/dashboard/plugin.ts'
import { httpListener } from '../../serve/http.ts'
import { createMetrics, type Metrics } from '../../serve/metrics.ts'
import { scaledObjectOf } from '../../serve/selector.ts'
import type { Server } from '../../serve/server.ts'
import type { OpenWorld, WorldOptions } from './demo.ts'

/** The usual port of the page. */
const usualPort = 8080
const address = '127.0.0.1'
/** The embedded cluster hurries, so that a cycle takes a minute (ms). */
const hpaSync = 2_000
const podStart = 1_500
const downscaleStabilization = 10_000

/** Opens the embedded cluster, the controller on it and the page, all in this process and on loopback. */
export const openWorld: OpenWorld = async ({ port, program, clock }, signal) => {
  await using opened = new AsyncDisposableStack()
  // the cluster's HPAs read what the controller knows, and the controller works on the cluster
  const late: { readings?: Readings } = {}
  const cluster = openCluster(clock, program, () => late.readings)
  opened.defer(() => cluster.close())
  const end = new AbortController()
  opened.defer(() => end.abort())

  const random = Math.random
  const scope = { namespaces: [], labelSelector: '' }
  const mirrors = openMirrors(cluster, clock, scope, random, silentLog, end.signal)
  await allSynced(mirrors)
  signal.throwIfAborted()

  const metrics = createMetrics({ clock, build: { version: packageJson.version, commit: '' } })
  const stores = createStores({ cluster, clock })
  const control = startControl({
    cluster,
    stores,
    clock,
    log: silentLog,
    random,
    mirrors,
    host: (pods) => createHost(clock, 3_000, anywhere, stores, pods),
    load,
    meters: { engine: metrics.engine, control: metrics.control },
    instance: 'demo',
    version: packageJson.version,
    clusterNamespace: 'default',
    hold: false,
    hpaSyncPeriod: hpaSync,
    digestKey: new Uint8Array(32),
    writes: () => true,
    standsBy: () => false,
    metricsOwner: () => undefined,
  })
  opened.defer(() => control.close())
  late.readings = control.readings

  const { server, ...page } = await openPage(control.insight, metrics, clock, port)
  opened.defer(() => server.close())
  const running = opened.move()
  return { cluster, insight: control.insight, ...page, stop: () => running.disposeAsync() }
}

const openCluster = (
  clock: Clock,
  program: WorldOptions['program'],
  readings: () => Readings | undefined,
): EmbeddedCluster =>
  createEmbedded({
    clock,
    program,
    podStart,
    hpaSync,
    downscaleStabilization,
    async readExternalMetric(namespace, metric, selector) {
      const owner = scaledObjectOf(selector, metric)
      const values = (await readings()?.read(namespace, owner, metric)) ?? []
      return values.map(formatReading)
    },
  })

interface Page {
  readonly server: Server
  readonly page: string
  readonly notes: readonly string[]
}

/** The page on its usual port, or on any while that is taken; a port that was asked for is that or none. */
async function openPage(
  insight: Insight,
  metrics: Metrics,
  clock: Clock,
  port: number | undefined,
): Promise<Page> {
  const open = async (wanted: number): Promise<Page> => {
    const server = httpListener({
      health: { checks: {} },
      metrics,
      page: (app) => dashboard(app, { insight, clock }),
      onFault: () => undefined,
    })
    try {
      const taken = await listen(server, address, wanted)
      return { server, page: `http://${address}:${taken}/`, notes: [] }
    } catch (error) {
      await server.close()
      throw error
    }
  }
  try {
    return await open(port ?? usualPort)
  } catch (error) {
    if (port !== undefined || !isFailure(error, 'PORT_IN_USE')) throw error
    const other = await open(0)
    return { ...other, notes: [`port ${usualPort} is taken, so the page is at ${other.page}`] }
  }
}
