import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import type { Config } from '../config.ts'
import type { Insight, Readings } from '../control/insight.ts'
import { kinds } from '../kinds.ts'
import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { FactSource } from '../serve/admission/facts.ts'
import { serveAdmission } from '../serve/admission/routes.ts'
import { authentication } from '../serve/authentication.ts'
import { authorization } from '../serve/authorization.ts'
import { dashboard } from '../serve/dashboard/plugin.ts'
import { serveExplain } from '../serve/explain.ts'
import { serveExternalMetrics } from '../serve/external-metrics.ts'
import { serveHealth, type Health } from '../serve/health.ts'
import { httpListener, serveMetrics } from '../serve/http.ts'
import type { Metrics } from '../serve/metrics.ts'
import { reviewsOf } from '../serve/reviews.ts'
import { replicaCheck } from '../serve/replicas/identify.ts'
import { serveReplicas } from '../serve/replicas/routes.ts'
import { replicaName } from '../serve/replicas/wire.ts'
import { closing } from '../serve/close.ts'
import { createServer, sendAway } from '../serve/server.ts'
import {
  alsoKeyPair,
  followKeyPair,
  keyPairFiles,
  tlsOptions,
  type KeyPairSource,
} from '../serve/tls.ts'
import { trustConfigMap, trustFromCluster } from '../serve/trust.ts'
import { listen } from './listen.ts'

/** What the listeners serve. */
export interface ServerParts {
  readonly config: Config
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** The name of Ebb's Service. */
  readonly service: string
  readonly insight: Insight
  readonly readings: Readings
  /** What this replica tells others: by its own loops alone. */
  readonly own: { readonly insight: Insight; readonly readings: Readings }
  /** Whether it is about to end, and clients had better go elsewhere. */
  readonly leaving: () => boolean
  readonly metrics: Metrics
  readonly health: Health
  /** What the webhooks judge by. */
  readonly admission: { readonly facts: FactSource; readonly writes: () => boolean }
  /** Ebb's own certificate, where the configuration gives none. */
  readonly ownCertificate: KeyPairSource & { trusted(): string | undefined }
}

export interface Servers {
  readonly httpPort: number
  readonly httpsPort: number
  /** Stops taking requests, lets those under way end within a moment, cuts off who is still there, closes the ports. */
  close(): Promise<void>
}

/**
 * Opens both listeners; fails with PORT_IN_USE or CERTIFICATE_UNUSABLE, with nothing left open. Once the signal aborts it waits
 * for nothing any more.
 */
export async function openServers(parts: ServerParts, signal: AbortSignal): Promise<Servers> {
  const stop = new AbortController()
  const onFault = (error: unknown): void =>
    parts.log.error({ error: error instanceof Error ? error.stack : reasonOf(error) }, 'unexpected')
  const http = httpListener({
    health: parts.health,
    metrics: parts.metrics,
    onFault,
    page: async (app) => dashboard(app, { insight: parts.insight, clock: parts.clock }),
  })
  const closeHttp = closing(http, parts.clock)
  try {
    const https = await openHttps(parts, onFault, stop.signal, signal)
    const closeHttps = closing(https, parts.clock)
    try {
      const { bind } = parts.config
      const httpPort = await listen(http, bind, parts.config.httpPort)
      const httpsPort = await listen(https, bind, parts.config.httpsPort)
      return {
        httpPort,
        httpsPort,
        async close() {
          stop.abort()
          await Promise.all([closeHttp(), closeHttps()])
        },
      }
    } catch (error) {
      await closeHttps()
      throw error
    }
  } catch (error) {
    stop.abort()
    await closeHttp()
    throw error
  }
}

async function openHttps(
  parts: ServerParts,
  onFault: (error: unknown) => void,
  signal: AbortSignal,
  start: AbortSignal,
): Promise<ReturnType<typeof createServer>> {
  const { cluster, clock, log } = parts
  const { serviceTls: limits } = parts.config
  const certificate = await certificateOf(parts, signal)
  const trust = await trustOf(parts, signal, start)
  const reviews = reviewsOf(cluster, clock, signal)
  const access = {
    authentication: authentication({
      trust: () => trust.current(),
      reviewToken: (token) => reviews.reviewToken(token),
      clock,
    }),
    authorization: authorization({ reviewAccess: (spec) => reviews.reviewAccess(spec), clock }),
    isReplica: replicaCheck(() => parts.ownCertificate.trusted(), clock),
  }
  const server = createServer({ https: tlsOptions(certificate.current(), limits), onFault })
  sendAway(server, parts.leaving)
  serveExternalMetrics(server, {
    access,
    readings: parts.readings,
    build: { version: parts.version },
    meter: parts.metrics.api,
  })
  serveExplain(server, { insight: parts.insight, authorization: access.authorization, clock })
  serveAdmission(server, { ...parts.admission, meter: parts.metrics.admission, signal })
  serveReplicas(server, { ...parts.own, leaving: parts.leaving })
  serveHealth(server, parts.health)
  serveMetrics(server, parts.metrics)
  followKeyPair(server, certificate, limits)
  const replicas = replicaName(parts.service, parts.config.namespace)
  alsoKeyPair(server, replicas, parts.ownCertificate, limits)
  log.debug('listeners ready')
  return server
}

async function certificateOf(
  { config, clock, log, ownCertificate }: ServerParts,
  signal: AbortSignal,
): Promise<KeyPairSource> {
  const { tlsCertFile, tlsPrivateKeyFile } = config
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined) return ownCertificate
  const files = keyPairFiles({
    certFile: tlsCertFile,
    keyFile: tlsPrivateKeyFile,
    read: (file) => readFile(file, 'utf8'),
    clock,
    onProblem: (why) => log.warn({ why }, 'the new certificate is not used'),
  })
  await files.load()
  void files.run(signal)
  return files
}

async function trustOf(
  { config, cluster, clock, log }: ServerParts,
  signal: AbortSignal,
  start: AbortSignal,
): Promise<ReturnType<typeof trustFromCluster>> {
  const { clientCaFile } = config
  const trust = trustFromCluster({
    read: (wait) => cluster.get(kinds.configMap, trustConfigMap, wait),
    ...(clientCaFile !== undefined && { clientCa: () => readFile(clientCaFile, 'utf8') }),
    clock,
    onProblem: (why) =>
      why === undefined
        ? log.info('the trust of the API server is read again')
        : log.warn({ why }, 'the trust of the API server cannot be read; what is known stays'),
  })
  await trust.refresh(AbortSignal.any([signal, start]))
  void trust.run(signal)
  return trust
}
