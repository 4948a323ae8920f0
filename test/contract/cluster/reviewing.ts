import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import type { SubjectAccessReview, TokenReview } from '../../../src/resources.ts'
import { check, type Open } from './stage.ts'

export function reviewing(open: Open): void {
  check(open, 'a token that nobody issued is not authenticated', ['reviews'], async (s, signal) => {
    const review: TokenReview = { metadata: { name: '' }, spec: { token: 'not-a-token' } }
    const answer = await s.cluster.create(kinds.tokenReview, review, signal)
    assert.notEqual(answer.status?.authenticated, true)
  })

  const rows = [
    { groups: ['system:masters'], allowed: true },
    { groups: ['nobody'], allowed: false },
  ]
  for (const { groups, allowed } of rows) {
    const name = `the group ${groups.join()} may ${allowed ? '' : 'not '}list metrics`
    check(open, name, ['reviews'], async (s, signal) => {
      const resourceAttributes = {
        namespace: s.namespace,
        verb: 'list',
        group: 'external.metrics.k8s.io',
        resource: 's0-orders',
      }
      const review: SubjectAccessReview = {
        metadata: { name: '' },
        spec: { user: 'somebody', groups, resourceAttributes },
      }
      const answer = await s.cluster.create(kinds.subjectAccessReview, review, signal)
      assert.equal(answer.status?.allowed, allowed)
    })
  }
}
