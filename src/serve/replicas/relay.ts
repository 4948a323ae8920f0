import { Pool } from 'undici'
import type { Insight, MetricValue, WorkloadView } from '../../control/insight.ts'
import type { Clock } from '../../clock.ts'
import { failure, reasonOf, retold, type EbbError } from '../../errors.ts'
import type { KeyPair } from '../tls.ts'
import { createBreaker } from './breaker.ts'
import {
  failedSchema,
  leavingHeader,
  pathOf,
  readingPath,
  readingSchema,
  workloadPath,
  workloadsPath,
} from './wire.ts'

/**
 * Asks the replica that leads, over connections that are kept. Where it cannot be asked these fail with
 * REPLICA_UNREACHABLE, which is also what a signal that aborts leads to; what the other replica says fails as it did there.
 * One that has failed to answer several reads in a row is asked once a second only, and all else fails at once.
 */
export interface Relay {
  /** Why that address is not asked just now; undefined where it may be. */
  held(address: string): EbbError | undefined
  read(
    address: string,
    namespace: string,
    name: string,
    metric: string,
    signal: AbortSignal,
  ): Promise<readonly MetricValue[]>
  get(
    address: string,
    which: Parameters<Insight['get']>,
    signal: AbortSignal,
  ): Promise<WorkloadView | undefined>
  list(address: string, signal: AbortSignal): Promise<readonly WorkloadView[]>
  close(): Promise<void>
}

export interface RelayOptions {
  readonly clock: Pick<Clock, 'now'>
  /** This replica's certificate of Ebb's own CA, and the CAs (PEM) by which the other one's is verified. */
  readonly credentials: () => (KeyPair & { readonly trusted: string }) | undefined
  /** The name that the other one's certificate must have. */
  readonly name: string
  /** The other one has said that it is about to end. */
  readonly onLeaving: () => void
}

/** Enough for the reads of an HPA controller with many workers; one that waits a second holds up no other. */
const connections = 32
/** Shorter than the listener keeps them, so that it is this end that closes them. */
const idle = 60_000
/** The views of a large cluster. */
const longestAnswer = 64 * 1024 * 1024

export function createRelay(o: RelayOptions): Relay {
  const breaker = createBreaker(o.clock)
  let open: { readonly key: string; readonly pool: Pool } | undefined

  const poolOf = (address: string): Pool => {
    const credentials = o.credentials()
    if (!credentials) throw unreachable(address, 'this replica has no certificate yet')
    const key = [address, credentials.cert, credentials.trusted].join('\n')
    if (open?.key === key) return open.pool
    const former = open?.pool
    open = { key, pool: dial(address, credentials, o.name) }
    // requests under way there are answered, or run into their deadlines
    former?.close().catch(() => undefined)
    return open.pool
  }

  const ask = async (address: string, path: string, signal: AbortSignal): Promise<unknown> => {
    const pool = poolOf(address)
    try {
      const { statusCode, headers, body } = await pool.request({ method: 'GET', path, signal })
      if (headers[leavingHeader] !== undefined) o.onLeaving()
      const text = await body.text()
      if (statusCode !== 200) throw new TypeError(`HTTP ${statusCode}`)
      return JSON.parse(text)
    } catch (error) {
      throw unreachable(address, signal.aborted ? reasonOf(signal.reason) : reasonOf(error), error)
    }
  }

  const answer = async (asked: Promise<unknown>): Promise<unknown> => {
    const told = await asked
    const failed = failedSchema.safeParse(told)
    if (failed.success) throw retold(failed.data.failed)
    return told
  }

  /** The views of a large cluster may take longer than there is time: that says nothing of whether readings are answered. */
  const view = async (address: string, path: string, signal: AbortSignal): Promise<unknown> => {
    const held = breaker.held(address)
    if (held) throw held
    return answer(ask(address, path, signal))
  }

  return {
    held: (address) => breaker.held(address),
    async read(address, namespace, name, metric, signal) {
      const path = pathOf(readingPath, { namespace, name, metric })
      const asked = breaker.run(address, () => ask(address, path, signal))
      const parsed = readingSchema.safeParse(await answer(asked))
      if (!parsed.success) throw unreachable(address, 'its answer is of another version of Ebb')
      return parsed.data.values
    },
    async get(address, [namespace, name, kind], signal) {
      const query = kind === undefined ? '' : `?kind=${kind}`
      const told = await view(address, pathOf(workloadPath, { namespace, name }) + query, signal)
      // made by the same code as here; it is shown, and nothing is decided by it
      const { workload } = told as { readonly workload?: WorkloadView }
      // an older version knows nothing of kinds
      return kind === undefined || workload?.kind === kind ? workload : undefined
    },
    async list(address, signal) {
      const told = await view(address, pathOf(workloadsPath), signal)
      // as above
      return (told as { readonly workloads?: readonly WorkloadView[] }).workloads ?? []
    },
    async close() {
      await open?.pool.destroy()
    },
  }
}

const unreachable = (address: string, why: string, cause?: unknown) =>
  failure('REPLICA_UNREACHABLE', { which: address, why }, cause)

function dial(
  address: string,
  { cert, key, trusted }: KeyPair & { trusted: string },
  name: string,
) {
  return new Pool(`https://${address}`, {
    connections,
    pipelining: 1,
    // the caller's signal ends every exchange
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idle,
    keepAliveMaxTimeout: idle,
    maxResponseSize: longestAnswer,
    connect: { ca: trusted, cert, key, servername: name, minVersion: 'TLSv1.2', timeout: 2_000 },
  })
}
