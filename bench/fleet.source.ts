/** A Prometheus of one value for every query, that notes when each was asked. Its own process; told and asked by messages. */
import { createServer } from 'node:http'

/** What the source has seen since it was reset: for each query the times (ms) it was asked at. */
export interface Seen {
  readonly queries: Readonly<Record<string, readonly number[]>>
}

export type Order = { readonly answer: number } | 'reset' | 'report'

let value = 0
let seen = new Map<string, number[]>()

const server = createServer((request, response) => {
  const query = new URL(request.url ?? '/', 'http://source').searchParams.get('query') ?? ''
  const times = seen.get(query) ?? []
  if (times.length === 0) seen.set(query, times)
  times.push(performance.now())
  response.setHeader('content-type', 'application/json')
  response.end(
    `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[${Math.floor(Date.now() / 1000)},"${value}"]}]}}`,
  )
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})

process.on('message', (order: Order) => {
  if (order === 'reset') seen = new Map()
  else if (order === 'report') process.send?.({ queries: Object.fromEntries(seen) } satisfies Seen)
  else value = order.answer
})
process.on('disconnect', () => process.exit())
