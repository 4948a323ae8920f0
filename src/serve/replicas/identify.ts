import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../../clock.ts'
import { presentedBy, readBundle, verifyClient } from '../peer.ts'

/** Whether a request comes from another replica: its certificate is one of Ebb's own CA, which no one else issues by. */
export type IsReplica = (request: IncomingMessage) => Promise<boolean>

/** What a connection's certificate was found to be, by which CAs, and until when that holds. */
interface Proof {
  readonly trusted: string
  readonly replica: boolean
  readonly until: number
}

/** `trusted` are the certificates (PEM) of Ebb's CAs; undefined while they are not known, and nobody is a replica then. */
export function replicaCheck(trusted: () => string | undefined, clock: Clock): IsReplica {
  const proofs = new WeakMap<TLSSocket, Proof>()
  return async ({ socket }) => {
    const bundle = trusted()
    if (bundle === undefined || !(socket instanceof TLSSocket)) return false
    const now = clock.now()
    const known = proofs.get(socket)
    if (known && known.trusted === bundle && now < known.until) return known.replica
    const leaf = socket.getPeerX509Certificate()
    if (!leaf) return false
    const validity = await verifyClient(presentedBy(leaf), readBundle(bundle), now)
    const proof = {
      trusted: bundle,
      replica: validity !== undefined,
      until: validity?.until ?? now + 60_000,
    }
    proofs.set(socket, proof)
    return proof.replica
  }
}
