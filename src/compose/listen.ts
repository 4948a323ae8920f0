import type { AddressInfo } from 'node:net'
import { failure } from '../errors.ts'
import type { Server } from '../serve/server.ts'

/** Starts a listener; fails with PORT_IN_USE or LISTEN_FAILED. Port 0 takes any. Resolves with the port taken. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EADDRINUSE') throw failure('PORT_IN_USE', { address: `${host}:${port}` }, error)
    throw failure('LISTEN_FAILED', { address: `${host}:${port}`, why: code || 'unknown' }, error)
  }
  // a TCP listener has an address of this form
  return (server.server.address() as AddressInfo).port
}
