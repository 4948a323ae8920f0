import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobOf, labelOfJobs, type JobSource } from '../../src/core/job-object.ts'

const source = (metadata: object = {}, jobTargetRef: object = {}): JobSource => ({
  metadata: { name: 'work', namespace: 'shop', uid: 'u1', generation: 3, ...metadata },
  spec: { jobTargetRef },
})

test('a Job is made as KEDA makes it (1.10, 5.4)', () => {
  const template = { metadata: { annotations: { a: '1' } }, spec: { containers: [], other: 1 } }
  const given = source(
    { labels: { team: 'x' }, annotations: { note: 'n' } },
    { template, backoffLimit: 2 },
  )
  const before = structuredClone(given)
  assert.deepEqual(jobOf(given, 'work-7', '1.0'), {
    metadata: {
      name: 'work-7',
      namespace: 'shop',
      labels: {
        'app.kubernetes.io/name': 'work',
        'app.kubernetes.io/version': '1.0',
        'app.kubernetes.io/part-of': 'work',
        'app.kubernetes.io/managed-by': 'keda-operator',
        team: 'x',
        'scaledjob.keda.sh/name': 'work',
      },
      annotations: { note: 'n', 'scaledjob.keda.sh/generation': '3' },
      ownerReferences: [
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledJob',
          name: 'work',
          uid: 'u1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      backoffLimit: 2,
      template: {
        metadata: { annotations: { a: '1' }, labels: { 'scaledjob.keda.sh/name': 'work' } },
        spec: { containers: [], other: 1, restartPolicy: 'OnFailure' },
      },
    },
  })
  assert.deepEqual(given, before, 'the template is not touched')
})

test('labels that the annotation names are left out; a restartPolicy stays', () => {
  const metadata = {
    labels: { team: 'x', cost: 'y' },
    annotations: { 'scaledjob.keda.sh/job-excluded-labels': 'cost' },
  }
  const job = jobOf(source(metadata, { template: { spec: { restartPolicy: 'Never' } } }), 'n', '1')
  assert.equal(job.metadata.labels['team'], 'x')
  assert.equal(job.metadata.labels['cost'], undefined)
  assert.partialDeepStrictEqual(job.spec, { template: { spec: { restartPolicy: 'Never' } } })
})

test('whose a Job is and of which generation, the ScaledJob cannot say otherwise', () => {
  const { metadata } = jobOf(
    source({
      labels: { 'scaledjob.keda.sh/name': 'other' },
      annotations: { 'scaledjob.keda.sh/generation': '99' },
    }),
    'n',
    '1',
  )
  assert.equal(metadata.labels['scaledjob.keda.sh/name'], 'work')
  assert.equal(metadata.annotations['scaledjob.keda.sh/generation'], '3')
})

test('the label of a long name is one that a label may have', () => {
  assert.equal(labelOfJobs('a'.repeat(63)), 'a'.repeat(63))
  assert.equal(labelOfJobs('a'.repeat(64)).length, 52)
})
