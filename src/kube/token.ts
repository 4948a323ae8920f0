import { parseTime } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { objectPath, spoken } from './paths.ts'
import type { Wire } from './wire.ts'

/** Tokens of service accounts by the TokenRequest API. */
export const tokens = (wire: Wire): Pick<Cluster, 'issueToken'> => ({
  async issueToken(account, { audiences, life }, signal) {
    const deed = { doing: 'creating a token of', object: spoken(kinds.serviceAccount, account) }
    const body = await wire.want(
      {
        method: 'POST',
        path: objectPath(kinds.serviceAccount, account, 'token'),
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { audiences, expirationSeconds: Math.round(life / 1000) },
        },
        ...deed,
      },
      signal,
    )
    // Read by its form: the server fills in the status.
    const { status } = body as {
      readonly status?: { readonly token?: string; readonly expirationTimestamp?: string }
    }
    const expires = parseTime(status?.expirationTimestamp)
    if (!status?.token || expires === undefined)
      throw failure('CLUSTER_FAILED', {
        what: `${deed.doing} ${deed.object}`,
        why: 'the answer holds no token',
      })
    return { token: status.token, expires }
  },
})
