import packageJson from '../../../package.json' with { type: 'json' }
import { createHost } from '../../compose/host.ts'
import { listen } from '../../compose/listen.ts'
import { startControl } from '../../compose/control.ts'
import { allSynced, openMirrors } from '../../compose/mirrors.ts'
import type { Insight, Readings } from '../../control/insight.ts'
import { noMeter } from '../../control/meter.ts'
import { formatMetric } from '../../core/quantity.ts'
import { createEmbedded } from '../../embedded/cluster.ts'
import { isFailure } from '../../errors.ts'
import { silentLog } from '../../log.ts'
import { dashboard } from '../../serve/dashboard/plugin.ts'
import { scaledObjectOf } from '../../serve/selector.ts'
import { createServer } from '../../serve/server.ts'
import type { OpenWorld } from './demo.ts'

/** The usual port of the page. */
const usualPort = 8080
/** The embedded cluster hurries, so that a cycle takes a minute (ms). */
const hpaSync = 2_000
const podStart = 1_500
const downscaleStabilization = 10_000

/** Opens the embedded cluster, the controller on it and the page, all in this process and on loopback. */
export const openWorld: OpenWorld = async ({ port, program, clock }, signal) => {
  const stop = new AbortController()
  const board: { readings?: Readings } = {}
  const cluster = createEmbedded({
    clock,
    program,
    podStart,
    hpaSync,
    downscaleStabilization,
    async readExternalMetric(namespace, metric, selector) {
      const owner = scaledObjectOf(selector, metric)
      const values = (await board.readings?.read(namespace, owner, metric)) ?? []
      return values.map(({ value }) => formatMetric(value))
    },
  })
  const random = Math.random
  const scope = { namespaces: [], labelSelector: '' }
  const mirrors = openMirrors(cluster, clock, scope, random, silentLog, stop.signal)
  await allSynced(mirrors)
  signal.throwIfAborted()
  const control = startControl({
    cluster,
    clock,
    log: silentLog,
    random,
    mirrors,
    host: createHost(clock, 3_000, []),
    meters: { engine: { late() {}, asked() {}, inFlight() {} }, control: noMeter },
    instance: 'demo',
    version: packageJson.version,
    clusterNamespace: 'default',
    hold: false,
    hpaSyncPeriod: hpaSync,
    digestKey: new Uint8Array(32),
    writes: () => true,
    metricsOwner: () => undefined,
  })
  board.readings = control.readings

  const stopAll = async (): Promise<void> => {
    await page.close()
    await control.close()
    stop.abort()
    await cluster.close()
  }
  const page = await openPage(control.insight, clock, port).catch(async (error: unknown) => {
    await control.close()
    stop.abort()
    await cluster.close()
    throw error
  })
  return {
    cluster,
    insight: control.insight,
    page: page.url,
    notes: page.notes,
    stop: stopAll,
  }
}

/** The page on its usual port, or on any while that is taken; a port that was asked for is that or none. */
async function openPage(
  insight: Insight,
  clock: Parameters<OpenWorld>[0]['clock'],
  port: number | undefined,
): Promise<{ readonly url: string; readonly notes: readonly string[]; close(): Promise<void> }> {
  const open = async (
    wanted: number,
  ): Promise<{ readonly url: string; close(): Promise<void> }> => {
    const server = createServer({ onFault: () => undefined })
    try {
      await server.register(dashboard, { insight, clock })
      const taken = await listen(server, '127.0.0.1', wanted)
      return { url: `http://127.0.0.1:${taken}/`, close: () => server.close() }
    } catch (error) {
      await server.close()
      throw error
    }
  }
  try {
    return { ...(await open(port ?? usualPort)), notes: [] }
  } catch (error) {
    if (port !== undefined || !isFailure(error, 'PORT_IN_USE')) throw error
    const page = await open(0)
    return { ...page, notes: [`port ${usualPort} is taken, so the page is at ${page.url}`] }
  }
}
