/**
 * How many reads of the external metrics API a second, over mTLS as the API server's aggregator makes them, against a bare
 * fastify TLS route in the same run. The load comes from a process of its own; the rounds of both alternate.
 */
import { fork, type ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../src/clock.ts'
import { authentication } from '../src/serve/authentication.ts'
import { issueLeaf, makeAuthority } from '../src/serve/authority.ts'
import { authorization } from '../src/serve/authorization.ts'
import { listJson, metricsPath, serveExternalMetrics } from '../src/serve/external-metrics.ts'
import { createMetrics } from '../src/serve/metrics.ts'
import { createServer, type Server } from '../src/serve/server.ts'
import { type KeyPair, tlsOptions } from '../src/serve/tls.ts'
import { parseTrust } from '../src/serve/trust.ts'
import type { LoadOrder, LoadResult } from './metrics-api.load.ts'

export interface MetricsApiFigures {
  readonly rps: number
  readonly bare_rps: number
  readonly p99_ms: number
  readonly bare_p99_ms: number
  /** CPU time of the server for one request, in microseconds. */
  readonly cpu_us_per_request: number
  readonly bare_cpu_us_per_request: number
  readonly connections: number
}

const connections = 50
const workloads = 1_000

/** Runs the benchmark and prints its table. Fails when any request was refused. */
export async function run({
  quick,
  log,
}: {
  readonly quick: boolean
  readonly log: (line: string) => void
}): Promise<MetricsApiFigures> {
  const ca = await makeAuthority(systemClock.now())
  const own = await issueLeaf(ca, ['localhost'], systemClock.now())
  const client = fork(new URL('./metrics-api.load.ts', import.meta.url), { stdio: 'inherit' })
  const ebb = await listen(ebbServer(ca, own))
  const bare = await listen(bareServer(own))
  try {
    const measure = (server: Listening): Promise<Round> =>
      ask(client, order(server.port, own, quick))
    const rounds = quick ? 2 : 5
    const results: { readonly ebb: Round; readonly bare: Round }[] = []
    for (let round = 0; round < rounds; round++)
      results.push({ bare: await measure(bare), ebb: await measure(ebb) })
    return report(results, log)
  } finally {
    client.kill()
    await Promise.all([ebb.app.close(), bare.app.close()])
  }
}

interface Listening {
  readonly app: Server
  readonly port: number
}

async function listen(app: Server): Promise<Listening> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  // bound to one address and one port, which is never a path
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** The metrics API as it is composed, every read authenticated and authorized, values at hand as they are on the board. */
function ebbServer(ca: KeyPair, own: KeyPair): Server {
  const trust = parseTrust(
    {
      'requestheader-client-ca-file': ca.cert,
      'requestheader-allowed-names': '["ebb"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
    undefined,
  )
  const app = createServer({ https: tlsOptions(own), onFault: console.error })
  const clock = systemClock
  const metrics = createMetrics({ clock, build: { version: 'bench', commit: '' } })
  serveExternalMetrics(app, {
    access: {
      authentication: authentication({
        trust: () => trust,
        reviewToken: async () => undefined,
        clock,
      }),
      authorization: authorization({ reviewAccess: async () => ({ allowed: true }), clock }),
    },
    readings: {
      read: async (_namespace, _name, metric) => [{ metric, value: 12.5, at: clock.now() }],
    },
    build: { version: 'bench' },
    meter: metrics.api,
  })
  return app
}

/** The least a fastify TLS route can be that answers as much. */
function bareServer(own: KeyPair): Server {
  const app = createServer({ https: tlsOptions(own), onFault: console.error })
  const body = listJson([{ metric: metricOf(1), value: 12.5, at: systemClock.now() }])
  app.get(metricsPath, (_request, reply) => reply.type('application/json').send(body))
  return app
}

const metricOf = (i: number): string => `s0-azure-queue-orders-${i}`

/** What the aggregator sends for the HPA controller. */
const headers = [
  'Host: ebb.ebb.svc',
  'User-Agent: kube-controller-manager/v1.35.4 (linux/amd64) kubernetes/system:serviceaccount:kube-system:horizontal-pod-autoscaler',
  'Accept: application/vnd.kubernetes.protobuf, */*',
  'Accept-Encoding: gzip',
  'X-Forwarded-For: 10.0.0.1',
  'X-Remote-Group: system:serviceaccounts',
  'X-Remote-Group: system:serviceaccounts:kube-system',
  'X-Remote-Group: system:authenticated',
  'X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id: JTI=9f1c6a5e-63e1-4b5e-8f0e-0c1d7f0b9a11',
  'X-Remote-User: system:serviceaccount:kube-system:horizontal-pod-autoscaler',
].join('\r\n')

function order(port: number, own: KeyPair, quick: boolean): LoadOrder {
  return {
    port,
    cert: own.cert,
    key: own.key,
    connections,
    warmMs: quick ? 700 : 2_000,
    ms: quick ? 1_500 : 5_000,
    requests: Array.from(
      { length: workloads },
      (_, i) => `GET ${pathOf(i)} HTTP/1.1\r\n${headers}\r\n\r\n`,
    ),
  }
}

const pathOf = (i: number): string =>
  `/apis/external.metrics.k8s.io/v1beta1/namespaces/team-${i % 20}/${metricOf(i)}?labelSelector=scaledobject.keda.sh%2Fname%3Dworker-${i}`

/** One round with the server's own CPU time, which tells more than the rate where other work shares the machine. */
interface Round extends LoadResult {
  readonly serverUs: number
}

function ask(client: ChildProcess, what: LoadOrder): Promise<Round> {
  return new Promise((resolve, reject) => {
    const before = process.cpuUsage()
    client.once('message', (result: LoadResult) => {
      const { user, system } = process.cpuUsage(before)
      resolve({ ...result, serverUs: (user + system) / result.answered })
    })
    client.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)))
    client.send(what)
  })
}

function report(
  results: readonly { readonly ebb: Round; readonly bare: Round }[],
  log: (line: string) => void,
): MetricsApiFigures {
  const failed = results.reduce((sum, { ebb, bare }) => sum + ebb.failed + bare.failed, 0)
  if (failed > 0) throw new Error(`${failed} requests were not answered with 200`)
  const figures = {
    rps: median(results.map(({ ebb }) => ebb.rps)),
    bare_rps: median(results.map(({ bare }) => bare.rps)),
    p99_ms: median(results.map(({ ebb }) => ebb.p99)),
    bare_p99_ms: median(results.map(({ bare }) => bare.p99)),
    cpu_us_per_request: median(results.map(({ ebb }) => ebb.serverUs)),
    bare_cpu_us_per_request: median(results.map(({ bare }) => bare.serverUs)),
    connections,
  }
  const row = (name: string, r: readonly Round[]): string =>
    [
      name.padEnd(22),
      median(r.map((x) => x.rps))
        .toFixed(0)
        .padStart(10),
      median(r.map((x) => x.p50))
        .toFixed(2)
        .padStart(9),
      median(r.map((x) => x.p99))
        .toFixed(2)
        .padStart(9),
      Math.max(...r.map((x) => x.max))
        .toFixed(1)
        .padStart(9),
      median(r.map((x) => x.clientCpu))
        .toFixed(2)
        .padStart(11),
    ].join('')
  log(`metrics API, ${connections} mTLS connections, ${workloads} workloads`)
  log(`${' '.repeat(22)}requests/s   p50 ms   p99 ms   max ms  server us client CPU`)
  log(
    row(
      'bare fastify route',
      results.map(({ bare }) => bare),
    ),
  )
  log(
    row(
      'external metrics',
      results.map(({ ebb }) => ebb),
    ),
  )
  log(`ratio ${(figures.rps / figures.bare_rps).toFixed(2)}`)
  return figures
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (
    ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
  )
}

if (import.meta.main)
  console.log(
    JSON.stringify(await run({ quick: process.argv.includes('--quick'), log: console.log })),
  )
