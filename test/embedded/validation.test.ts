import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  eventProblems,
  hpaProblems,
  leaseProblems,
  workloadProblems,
} from '../../src/embedded/validation.ts'
import { autoscaler, workload } from '../contract/cluster/fixtures.ts'

const event = {
  metadata: { namespace: 'ns', name: 'e' },
  eventTime: '2024-01-01T00:00:00.000000Z',
  reportingController: 'ebb',
  reportingInstance: 'ebb-0',
  action: 'Scale',
  reason: 'Scaled',
  note: 'from 0 to 1',
  type: 'Normal',
  regarding: { kind: 'Pod', name: 'p', namespace: 'ns' },
}

const events: readonly (readonly [change: object, found: readonly string[]])[] = [
  [{}, []],
  [{ eventTime: '2024-01-01T00:00:00Z' }, ['eventTime: must be a time with microseconds']],
  [{ eventTime: undefined }, ['eventTime: is required']],
  [{ action: '' }, ['action: is required']],
  [{ reason: 'x'.repeat(129) }, ['reason: is longer than 128']],
  [{ note: 'x'.repeat(1025) }, ['note: is longer than 1024']],
  [{ type: 'Error' }, ['type: must be Normal or Warning']],
  [
    { regarding: { namespace: 'other' } },
    ['regarding.namespace: must be that of the event, which is default where there is none'],
  ],
  [{ regarding: {}, metadata: { namespace: 'default' } }, []],
]
for (const [change, found] of events)
  test(`an Event with ${JSON.stringify(change).slice(0, 80)} has ${found.length} problems`, () =>
    assert.deepEqual(eventProblems({ ...event, ...change }), found))

test('the times of a Lease have microseconds', () => {
  const good = '2024-01-01T00:00:00.000000Z'
  assert.deepEqual(leaseProblems({ spec: { acquireTime: good, renewTime: good } }), [])
  assert.deepEqual(
    leaseProblems({ spec: { acquireTime: good, renewTime: '2024-01-01T00:00:00Z' } }),
    ['spec.renewTime: must be a time with microseconds'],
  )
  assert.deepEqual(leaseProblems({ spec: { holderIdentity: 'a' } }), [])
})

test('an HPA is judged by its range and its targets', () => {
  const hpa = autoscaler('ns', 'h', { minReplicas: 3, maxReplicas: 2 })
  assert.deepEqual(hpaProblems({ ...hpa }), [
    'spec.maxReplicas: must be greater than or equal to spec.minReplicas',
  ])
})

test('a workload is judged by its replicas, its selector and the labels of its pods', () => {
  const app = workload('Deployment', 'ns', 'app', -1)
  assert.deepEqual(workloadProblems({ ...app }), [
    'spec.replicas: must be an integer of at least 0',
  ])
  const template = { metadata: { labels: { app: 'app', bad: 'not a label' } } }
  assert.deepEqual(workloadProblems({ spec: { ...app.spec, replicas: 0, template } }), [
    'spec.template.metadata.labels: the value of bad is not a label value',
  ])
})
