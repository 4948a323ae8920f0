import type { SecureVersion } from 'node:tls'
import type { Clock } from '../clock.ts'
import type { Insight, Readings } from '../control/insight.ts'
import { serveExplain } from './explain.ts'
import { type MetricsApiMeter, serveExternalMetrics } from './external-metrics.ts'
import type { Access } from './guard.ts'
import { type Health, serveHealth } from './health.ts'
import { serveMetrics } from './http.ts'
import type { Metrics } from './metrics.ts'
import { createServer, type Server } from './server.ts'
import { followKeyPair, type KeyPairSource, tlsOptions } from './tls.ts'

export interface HttpsOptions {
  readonly access: Access
  readonly readings: Readings
  readonly insight: Insight
  readonly health: Health
  readonly metrics: Pick<Metrics, 'text' | 'contentType'> & { readonly api?: MetricsApiMeter }
  readonly certificate: KeyPairSource
  readonly minVersion?: SecureVersion
  readonly build: { readonly version: string }
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
}

/**
 * The HTTPS listener, which the API server's aggregator reads: external metrics, `ebb explain`, /metrics and health.
 * Everything but health asks who it is and what they may. Listen on it, and close it, as on any fastify server; its
 * certificate follows the source.
 */
export function httpsListener(o: HttpsOptions): Server {
  const { minVersion, metrics, clock, onFault } = o
  const app = createServer({ https: tlsOptions(undefined, minVersion), onFault })
  const leave = followKeyPair(app, o.certificate, minVersion)
  app.addHook('onClose', async () => leave())
  serveExternalMetrics(app, {
    access: o.access,
    readings: o.readings,
    build: o.build,
    ...(metrics.api ? { meter: metrics.api } : {}),
  })
  serveExplain(app, { insight: o.insight, authorization: o.access.authorization, clock })
  serveMetrics(app, metrics)
  serveHealth(app, o.health)
  return app
}
