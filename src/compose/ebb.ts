import { hostname } from 'node:os'
import { randomUUID } from 'node:crypto'
import { createStores } from '../auth/stores.ts'
import { heeding, within, type Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import type { Config } from '../config.ts'
import { createCoexistence, type Coexistence } from '../control/coexistence.ts'
import type { Mirrors } from '../control/controller.ts'
import { failure, isFailure } from '../errors.ts'
import type { Outward } from '../http.ts'
import { kinds } from '../kinds.ts'
import type { Elector, Holder } from '../lease.ts'
import type { Log } from '../log.ts'
import { certificates, type Certificates } from '../serve/certificates.ts'
import { countRequests } from '../serve/cluster-meter.ts'
import { inventoryOf } from '../serve/inventory.ts'
import { createMetrics, type Metrics } from '../serve/metrics.ts'
import { createRelay } from '../serve/replicas/relay.ts'
import { replicaName } from '../serve/replicas/wire.ts'
import { openFacts, webhookSpreader } from './admission.ts'
import { load } from '../registry.ts'
import { startControl, type Control } from './control.ts'
import { handOver, holdElection } from './election.ts'
import { fence, type Fence } from './fence.ts'
import { createHost } from './host.ts'
import { openOutward } from './outward.ts'
import { createLeadership, type Leadership } from './leadership.ts'
import { allSynced, openMirrors } from './mirrors.ts'
import { openServers } from './servers.ts'

/** What one replica of Ebb is made of. */
export interface EbbParts {
  readonly config: Config
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly version: string
}

/** One replica, running. */
export interface Ebb {
  readonly httpPort: number
  readonly httpsPort: number
  /** Ends everything in order: listeners, loops, Lease. Resolves when nothing is open any more. */
  close(): Promise<void>
}

/** The name of Ebb's Service, Lease and ServiceAccount. */
const ownName = 'ebb'
/** How often it is looked whether KEDA or another metrics API is at work (ms). */
const coexistencePeriod = 60_000

/** Starts a replica: listeners at once, loops when the Lease is won. Fails with an EbbError and nothing left open. */
export async function openEbb(parts: EbbParts, signal: AbortSignal): Promise<Ebb> {
  const { config, clock, log, version } = parts
  const metrics = createMetrics({ clock, build: { version, commit: '' } })
  const cluster = countRequests(parts.cluster, metrics.cluster, clock)
  const stop = new AbortController()
  let leaving = false
  const identity = `${hostname()}_${randomUUID()}`
  const coexistence = createCoexistence(cluster, clock, {
    mode: config.mode,
    apiService: !config.noApiservice,
    service: { namespace: config.namespace, name: ownName },
    log,
  })
  try {
    await checkCluster(cluster, signal)
    await coexistence.check(signal)
  } catch (error) {
    await parts.cluster.close()
    throw error
  }

  const outward = await openOutward(config, clock, log, stop.signal)
  const scope = { namespaces: config.watchNamespaces, labelSelector: config.watchLabelSelector }
  const mirrors = openMirrors(cluster, clock, scope, parts.random, log, stop.signal)
  const synced = watchSync(mirrors)
  let elector: Elector | undefined
  const leader = (): Holder | undefined =>
    elector?.holder?.identity === identity ? undefined : elector?.holder
  const fenced = fence(cluster, clock, () => ({
    until: elector?.until ?? Number.NEGATIVE_INFINITY,
    holder: leader()?.identity,
  }))
  const certs = certificates({
    cluster: fenced.cluster,
    clock,
    namespace: config.namespace,
    service: ownName,
    leads: () => fenced.open,
    spread: !config.noApiservice,
    alsoSpread: webhookSpreader({
      cluster: fenced.cluster,
      namespace: config.namespace,
      service: ownName,
      active: () => coexistence.writes() && config.tlsCertFile === undefined,
      log,
    }),
    onProblem: (why) =>
      why === undefined ? log.info('certificates are in order') : log.warn({ why }, 'certificates'),
  })
  const relay = createRelay({
    clock,
    credentials() {
      const [pair, trusted] = [certs.current(), certs.trusted()]
      return pair && trusted !== undefined ? { ...pair, trusted } : undefined
    },
    name: replicaName(ownName, config.namespace),
    onLeaving: () => elector?.poke(),
  })
  const leadership = createLeadership({
    clock,
    log,
    relay,
    start: (signal) =>
      startLoops(
        parts,
        fenced,
        mirrors,
        coexistence,
        certs,
        metrics,
        outward,
        identity,
        AbortSignal.any([signal, stop.signal]),
      ),
    leader,
    look: () => elector?.poke(),
  })
  try {
    const servers = await openServers(
      {
        config,
        cluster,
        clock,
        log,
        version,
        insight: leadership.insight,
        readings: leadership.readings,
        own: leadership.own,
        leaving: () => leaving,
        service: ownName,
        metrics,
        admission: {
          facts: openFacts({ ...parts, cluster, mirrors }, stop.signal),
          writes: coexistence.writes,
        },
        health: {
          checks: {
            staying: () => (leaving ? 'it was asked to end' : undefined),
            'in-step': synced,
            certificate: () =>
              certs.current() || config.tlsCertFile !== undefined ? undefined : 'not made yet',
          },
        },
        ownCertificate: certs,
      },
      signal,
    )
    elector = holdElection({
      clock,
      log,
      cluster,
      random: parts.random,
      namespace: config.namespace,
      name: ownName,
      identity,
      address: addressOf(config.advertiseAddress, servers.httpsPort),
      duration: config.leaseDuration,
      renewDeadline: config.leaseRenewDeadline,
      retryPeriod: config.leaseRetryPeriod,
      ready: allSynced(mirrors),
      leadership,
      onWon: () => void certs.look(stop.signal).catch(() => undefined),
      signal: stop.signal,
    })
    const running = [
      certs.run(stop.signal).catch(() => undefined),
      repeat(coexistence, clock, log, stop.signal),
    ]
    observe(metrics, leadership, certs, mirrors, elector)
    log.info(
      { server: cluster.server, https: servers.httpsPort, http: servers.httpPort },
      'ebb runs',
    )
    return {
      httpPort: servers.httpPort,
      httpsPort: servers.httpsPort,
      async close() {
        leaving = true
        if (config.shutdownDelay > 0) await handOver(config.shutdownDelay, clock, fenced, elector)
        const soon = inTime(clock, log)
        await soon('listeners', servers.close())
        await soon('loops', Promise.all([leadership.close(), relay.close()]))
        stop.abort()
        await soon('Lease', Promise.all([...running, elector?.stopped]))
        await parts.cluster.close()
      },
    }
  } catch (error) {
    stop.abort()
    await parts.cluster.close()
    throw error
  }
}

async function startLoops(
  { config, clock, log, random, version }: EbbParts,
  fenced: Fence,
  mirrors: Mirrors,
  coexistence: Coexistence,
  certs: Certificates,
  metrics: Metrics,
  outward: Outward,
  instance: string,
  signal: AbortSignal,
): Promise<Control> {
  await heeding(signal, Promise.all([allSynced(mirrors), certs.ready]))
  await coexistence.check(signal)
  const { allowedEndpoints } = config
  const { cluster } = fenced
  const stores = createStores({
    cluster,
    clock,
    outward,
    timeout: config.httpTimeout,
    env: process.env,
    named: (endpoint) => allowedEndpoints?.names(endpoint) ?? false,
    fileRoot: config.filepathAuthRootPath,
    tokenLife: config.boundServiceAccountTokenExpiry,
    restricted: config.restrictSecretAccess,
  })
  return startControl({
    stores,
    cluster,
    clock,
    log,
    random,
    mirrors,
    instance,
    version,
    host: (pods) => createHost(clock, config.httpTimeout, outward, stores, pods),
    load,
    meters: { engine: metrics.engine, control: metrics.control },
    clusterNamespace: config.clusterObjectNamespace,
    hold: config.hold,
    hpaSyncPeriod: config.hpaSyncPeriod,
    digestKey: certs.digestKey(),
    writes: () => fenced.open && coexistence.writes(),
    standsBy: () => !fenced.open && coexistence.writes(),
    metricsOwner: coexistence.metricsOwner,
  })
}

/** How long each step of the end may take (ms), and all of them: below ten seconds, with the five of the hand-over in a pod. */
const endPatience = { step: 2_000, all: 4_500 }

/** Waits for a step of the end, but not for ever: what does not end is told, and left to the end of the process. */
function inTime(clock: Clock, log: Log): (what: string, work: Promise<unknown>) => Promise<void> {
  const over = clock.now() + endPatience.all
  return async (what, work) => {
    let done = false
    const finished = work.finally(() => (done = true))
    const left = Math.min(endPatience.step, over - clock.now())
    await within(finished, left, clock, new AbortController().signal)
    if (!done) log.warn({ what }, 'did not end in time')
  }
}

/** `HOST` takes the port that was listened on; `HOST:PORT` stays, as where ports are mapped. */
const addressOf = (advertised: string | undefined, port: number): string | undefined =>
  advertised === undefined || /:\d+$/.test(advertised) ? advertised : `${advertised}:${port}`

function observe(
  metrics: Metrics,
  leadership: Leadership,
  certs: Certificates,
  mirrors: Mirrors,
  elector: Elector,
): void {
  metrics.observe({
    leads: () => elector.holding,
    certificateExpires: () => certs.expires(),
    sources: () => leadership.control?.sources() ?? [],
    mirrors: () => Object.entries(mirrors).map(([kind, mirror]) => ({ kind, size: mirror.size })),
    inventory: () =>
      inventoryOf({
        scaledObjects: mirrors.scaledObjects,
        scaledJobs: mirrors.scaledJobs,
        triggerAuthentications: mirrors.authentications,
        clusterTriggerAuthentications: mirrors.clusterAuthentications,
      }),
  })
}

async function repeat(
  coexistence: Coexistence,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(coexistencePeriod, signal).catch(() => undefined)
    if (!signal.aborted) await coexistence.check(signal).catch(() => log.debug('stopped'))
  }
}

/** A readiness check: undefined once every mirror has seen its first full list. */
function watchSync(mirrors: Mirrors): () => string | undefined {
  let done = false
  const wait = async (): Promise<void> => {
    await allSynced(mirrors)
    done = true
  }
  // it rejects only when Ebb ends
  wait().catch(() => undefined)
  return () => (done ? undefined : 'the objects of the cluster are not all read yet')
}

/** Fails with a word on what to do when there is no cluster, no permission, or no Ebb installed on it. */
async function checkCluster(cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await cluster.list(kinds.scaledObject, { limit: 1 }, signal)
  } catch (error) {
    if (isFailure(error, 'CLUSTER_NOT_FOUND')) throw failure('CRDS_MISSING', {}, error)
    throw error
  }
}
