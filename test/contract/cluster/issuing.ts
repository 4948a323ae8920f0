import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import { check, type Open } from './stage.ts'

const hour = 3_600_000

export function issuing(open: Open): void {
  check(
    open,
    'a token of a service account is good for as long as asked',
    [],
    async (s, signal) => {
      const account = { namespace: s.namespace, name: 'worker' }
      await s.cluster.create(kinds.serviceAccount, { metadata: account }, signal)
      const before = s.clock.now()
      const { token, expires } = await s.cluster.issueToken(
        account,
        { audiences: [], life: 2 * hour },
        signal,
      )
      assert.ok(token.length > 10)
      // a server may round, and counts from its own clock
      assert.ok(Math.abs(expires - before - 2 * hour) < 60_000, `${expires - before}`)
    },
  )

  check(open, 'there is no token of an account that does not exist', [], async (s, signal) => {
    const account = { namespace: s.namespace, name: 'nobody' }
    await assert.rejects(s.cluster.issueToken(account, { audiences: [], life: hour }, signal), {
      code: 'CLUSTER_NOT_FOUND',
    })
  })
}
