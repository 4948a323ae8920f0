import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { render } from '../../../src/cli/explain/render.ts'
import { decideJobs } from '../../../src/core/decide-jobs.ts'
import { calm, jobTrigger } from '../../core/job-situation.ts'
import { record, situation, trigger, workload } from '../../support/insight.ts'

const now = 1_700_000_000_000
const text = (...args: Parameters<typeof render>): string => render(...args).join('\n')

describe('explain', () => {
  test('says what a workload has, why, and what its triggers say', () => {
    const lines = text(workload(now), now)
    for (const part of [
      /^workload +ScaledObject default\/orders$/m,
      /^target +Deployment\/orders$/m,
      /^replicas +4 \(min 0, max 10\)$/m,
      /^decision +the HPA decides .* \[hpa-in-charge\]$/m,
      /^s0-azure-queue-orders +42 \/ 5 +2 s ago +active$/m,
    ]) {
      assert.match(lines, part)
    }
  })

  test('folds decisions that were repeated and shows what each did', () => {
    const lines = text(workload(now), now)
    assert.match(lines, /0 -> 1 +from 0 to 1 replica because/)
    assert.match(lines, /stays 4 +x5 for 8 s +the HPA decides/)
  })

  test('says until when a decision holds', () => {
    const decision = { stay: true, because: 'cooling-down', until: now + 8000 } as const
    assert.match(text(workload(now, { decision }), now), /^until .*\(in 8 s\)$/m)
  })

  test('shows what a failing trigger says, and that its value is old', () => {
    const triggers = [
      trigger(now, { state: 'failing', at: now - 120_000, error: 'cannot reach it' }),
    ]
    const lines = text(workload(now, { situation: situation(now, { triggers }) }), now)
    assert.match(lines, /42 \/ 5 +2 min ago +failing +cannot reach it$/m)
  })

  test('shows a write that failed with its reason', () => {
    const records = [record(now, { write: { kind: 'failed', error: 'conflict' } })]
    assert.match(text(workload(now, { records }), now), /failed .*; writing it: conflict$/m)
  })

  test('counts the Jobs of a ScaledJob, and says why none is created', () => {
    const triggers = [jobTrigger('failing', { metric: 's0-videos' })]
    const made = { ...calm, triggers: [jobTrigger('active', { value: 5 })] }
    const stays = { ...calm, replicas: 5, triggers }
    const records = [
      record(now, {
        situation: made,
        decision: decideJobs(made),
        write: { kind: 'scaled', from: 2, to: 5 },
      }),
      record(now, { situation: stays, decision: decideJobs(stays) }),
    ]
    const view = workload(now, {
      kind: 'ScaledJob',
      target: { kind: 'Job', name: 'videos' },
      mode: 'jobs',
      hpa: undefined,
      replicas: 5,
      situation: stays,
      decision: decideJobs(stays),
      records,
    })
    const lines = text(view, now)
    for (const part of [
      /^workload +ScaledJob default\/orders$/m,
      /^mode +jobs, polled every 2 s$/m,
      /^Jobs +5 \(min 0, max 10\)$/m,
      /^decision +no Job is created because s0-videos cannot be read .* \[failing-blind\]$/m,
      /^SINCE +JOBS +TIMES +WHY$/m,
      /2 -> 5 +3 Jobs created because 5 messages wait/,
      /stays 5 +no Job is created/,
    ])
      assert.match(lines, part)
  })

  test('has something to say of a workload that was never decided', () => {
    const young = workload(now, {
      situation: undefined,
      decision: undefined,
      records: [],
      history: [],
      replicas: undefined,
      ready: { status: 'False', reason: 'Broken', message: 'queueName is missing' },
    })
    const lines = text(young, now)
    assert.match(lines, /ready +False, Broken, queueName is missing/)
    assert.doesNotMatch(lines, /undefined|NaN|decision/)
  })
})
