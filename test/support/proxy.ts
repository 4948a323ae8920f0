import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'

/** An HTTP proxy on this machine that finds every host here, at the port that is asked for. */
export interface Proxy {
  readonly url: string
  /** The hosts that were asked for, `HOST:PORT`. */
  readonly asked: ReadonlySet<string>
  close(): Promise<void>
}

export async function startProxy(): Promise<Proxy> {
  const asked = new Set<string>()
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '' }, client) => {
    asked.add(url)
    const target = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(target).pipe(client)
    })
    // one end is gone, so the other has nobody to speak to
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
