import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server of the Prometheus API in this process, whose answers, moods and password a test sets. */
export interface FakePrometheus {
  readonly url: string
  /** By the query's text; 0 for others. */
  readonly values: Map<string, number>
  /** How it behaves now. */
  mood: 'well' | 'failing' | 'hanging'
  /** Accepted with the user `ebb`; undefined accepts everybody. */
  password: string | undefined
  /** Status codes answered, in order. */
  readonly answered: number[]
  close(): Promise<void>
}

export async function startFakePrometheus(): Promise<FakePrometheus> {
  const values = new Map<string, number>()
  const answered: number[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://source').searchParams.get('query') ?? ''
    if (fake.mood === 'hanging') return
    response.statusCode = statusFor(fake, request.headers.authorization)
    answered.push(response.statusCode)
    response.end(
      `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${values.get(query) ?? 0}"]}]}}`,
    )
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  // bound to one address and one port, which is never a path
  const { port } = server.address() as AddressInfo
  const fake: FakePrometheus = {
    url: `http://127.0.0.1:${port}`,
    values,
    answered,
    mood: 'well',
    password: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

function statusFor(fake: FakePrometheus, authorization: string | undefined): number {
  if (fake.mood === 'failing') return 503
  if (fake.password === undefined) return 200
  const expected = `Basic ${Buffer.from(`ebb:${fake.password}`).toString('base64')}`
  return authorization === expected ? 200 : 401
}
