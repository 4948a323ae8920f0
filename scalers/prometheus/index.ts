import { endpointOf } from '../../src/endpoints.ts'
import { failure } from '../../src/errors.ts'
import { defineScaler } from '../../src/scaler.ts'
import { problems } from './check.ts'
import type { PrometheusService } from './client.ts'
import { fields } from './fields.ts'

/** Anything with the Prometheus query API (KEDA pkg/scalers/prometheus_scaler.go). */
export const prometheus = defineScaler({
  type: 'prometheus',
  label: 'prometheusScaler',
  doc: 'Scales on the result of a PromQL query.',
  fields,
  check: problems,
  specs: (m) => [{ name: 'prometheus', target: m.threshold, form: 'decimal' as const }],
  endpoints: (c) =>
    [c.serverAddress, ...(c.authModes.includes('oauth') ? [c.oauthTokenURI ?? ''] : [])].flatMap(
      (address) => {
        const url = URL.parse(address)
        return url ? [endpointOf(url)] : []
      },
    ),
  open: async (c, host): Promise<PrometheusService> =>
    (await import('./client.ts')).openPrometheus(c, host),
  // KEDA takes a timeout of 0 for none given.
  timeout: (c) => (c.timeout === 0 ? undefined : c.timeout),
  query: (m) => ({ query: m.query, namespace: m.namespace }),
  batch: false,
  ask: (service, queries, signal) =>
    Promise.all(queries.map((query) => service.instant(query, signal))),
  conclude: (measured: number, m) => ({
    value: measured,
    active: measured > m.activationThreshold,
  }),
  missing: (m) =>
    m.ignoreNullValues
      ? { value: 0, active: 0 > m.activationThreshold }
      : failure('SAMPLE_EMPTY', {
          what: 'the query gave no finite value; ignoreNullValues is false',
        }),
})
