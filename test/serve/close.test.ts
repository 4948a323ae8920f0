import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { issueLeaf, makeAuthority } from '../../src/serve/authority.ts'
import { closing, drain } from '../../src/serve/close.ts'
import { createServer, type Server } from '../../src/serve/server.ts'
import { tlsOptions } from '../../src/serve/tls.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'

interface Stage {
  readonly app: Server
  readonly clock: ManualClock
  readonly port: number
  /** Lets the request to /slow be answered. */
  readonly answer: () => void
  readonly close: () => Promise<void>
}

async function stage(t: TestContext): Promise<Stage> {
  const clock = manualClock()
  const ca = await makeAuthority(Date.now())
  const pair = await issueLeaf(ca, ['localhost'], Date.now())
  const app = createServer({
    https: tlsOptions(pair),
    onFault: (error) => assert.fail(String(error)),
  })
  const gate = Promise.withResolvers<void>()
  app.get('/slow', async () => {
    await gate.promise
    return 'done'
  })
  const close = closing(app, clock)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.server.closeAllConnections())
  // a server that listens on a TCP port has such an address
  const { port } = app.server.address() as AddressInfo
  return { app, clock, port, close, answer: () => gate.resolve() }
}

const tls = async (port: number): Promise<Socket> => {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return socket.on('error', () => undefined)
}

const begun = 'GET /slow HTTP/1.1\r\nhost: localhost\r\n'

/** Clients that hold a connection open, each in its own way. */
const holders: Readonly<Record<string, (port: number) => Promise<Socket>>> = {
  'who does not begin TLS': async (port) => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  },
  'who connected in advance and asks nothing': tls,
  'who does not end a request': async (port) => {
    const socket = await tls(port)
    socket.write(begun)
    return socket
  },
  'who waits for an answer that does not come': async (port) => {
    const socket = await tls(port)
    socket.write(`${begun}\r\n`)
    return socket
  },
}

for (const [how, hold] of Object.entries(holders)) {
  void test(`a listener closes in time before a client ${how}`, async (t) => {
    const s = await stage(t)
    const arrived = once(s.app.server, 'connection')
    const socket = await hold(s.port)
    await arrived
    await settle()
    const gone = once(socket.resume(), 'close')
    const closed = s.close()
    await s.clock.advance(drain)
    await closed
    await gone
    assert.equal(s.clock.pending(), 0)
  })
}

void test('a request under way is answered before its listener closes', async (t) => {
  const s = await stage(t)
  const asked = once(s.app.server, 'request')
  const socket = await tls(s.port)
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => (text += part))
  socket.write(`${begun}\r\n`)
  await asked
  const closed = s.close()
  await s.clock.advance(drain - 1)
  s.answer()
  await closed
  assert.match(text, /^HTTP\/1\.1 200 [^]*done$/)
  assert.equal(s.clock.pending(), 0)
})
