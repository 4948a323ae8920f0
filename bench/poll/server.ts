/** A Prometheus that gives every instant query the value 1, in a process of its own; tells its port to its parent. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = JSON.stringify({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: {}, value: [1_700_000_000, '1'] }] },
})
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  request.resume()
  response.writeHead(200, headers).end(body)
})
server.listen(0, '127.0.0.1', () => {
  // a server that listens on TCP has an address with a port
  process.send?.((server.address() as AddressInfo).port)
})
process.on('disconnect', () => process.exit())
