import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { find, initialConditions, merge, type Condition } from '../../src/core/conditions.ts'
import { decideJobs, type JobBecause, type JobSituation } from '../../src/core/decide-jobs.ts'
import { jobConditionsAfter, type JobTrouble } from '../../src/core/job-conditions.ts'
import { jobBounds, type Combination, type Strategy } from '../../src/core/jobs.ts'
import { explain, jobReasonRows } from '../../src/core/reasons.ts'
import { calm, jobTrigger } from './job-situation.ts'

const { now, period } = calm
const queue = (value: number, more: object = {}) =>
  jobTrigger('active', { metric: 's0-a', value, ...more })
const other = (value: number, more: object = {}) =>
  jobTrigger('active', { metric: 's1-b', index: 1, value, ...more })
const failing = jobTrigger('failing', { metric: 's1-b', index: 1 })
const justNow = { batch: { began: now - 5_000, ended: now - 4_000 } }
const aPeriodAgo = { batch: { began: now - period, ended: now - period + 4_000 } }
const why = 'http://queue did not answer within 3000 ms'

type Row = [
  name: string,
  difference: Partial<JobSituation>,
  because: JobBecause,
  created: number,
  sentence?: string,
]

const rows: Row[] = [
  [
    'creates for what waits',
    { triggers: [queue(5)] },
    'queued',
    3,
    '3 Jobs created because 5 messages wait, and 2 Jobs run (max 10)',
  ],
  [
    'creates one',
    { triggers: [queue(1)], replicas: 0 },
    'queued',
    1,
    '1 Job created because 1 message waits, and 0 Jobs run (max 10)',
  ],
  ['creates as many as may run', { triggers: [queue(50)] }, 'queued', 8],
  [
    'divides the room by the target, not the queue',
    { triggers: [queue(7, { target: 2 })] },
    'queued',
    2,
  ],
  [
    'creates for accurate what does not wait for a node',
    { triggers: [queue(5)], strategy: { kind: 'accurate' }, pending: 1 },
    'queued',
    4,
    '4 Jobs created because 5 messages wait, and 2 Jobs run (max 10, 1 pending)',
  ],
  [
    'creates for eager as many as there is room',
    { triggers: [queue(6)], strategy: { kind: 'eager' } },
    'queued',
    6,
  ],
  [
    'creates by a custom share',
    { triggers: [queue(10)], strategy: { kind: 'custom', deduction: 1, share: 0.5 } },
    'queued',
    8,
  ],
  [
    'creates nothing for what was said before a gap',
    { triggers: [queue(5, { at: now - 10 * 60_000 })] },
    'warming-up',
    0,
    'no Job is created until s0-a is read',
  ],
  [
    'creates for what a slow source said a while ago',
    { triggers: [queue(5, { at: now - 59_000 })], period: 1_000 },
    'queued',
    3,
  ],
  ['adds the triggers', { triggers: [queue(5), other(4)], combination: 'sum' }, 'queued', 7],
  ['takes the larger', { triggers: [queue(5), other(4)] }, 'queued', 3],
  ['takes the smaller', { triggers: [queue(5), other(4)], combination: 'min' }, 'queued', 2],
  ['takes the mean', { triggers: [queue(5), other(4)], combination: 'avg' }, 'queued', 3],
  [
    'leaves out what is not active',
    { triggers: [queue(5), other(9, { state: 'idle' })] },
    'queued',
    3,
  ],
  [
    'counts only the first metric of a trigger',
    { triggers: [queue(5), queue(9, { metric: 's0-c' })] },
    'queued',
    3,
  ],
  [
    'keeps up the minimum',
    { min: 5, bounds: jobBounds({ minReplicaCount: 5 }) },
    'below-min',
    3,
    '3 Jobs created because minReplicaCount is 5 and 2 Jobs run (max 10)',
  ],
  [
    'keeps up the minimum while nothing can be read',
    { min: 3, bounds: jobBounds({ minReplicaCount: 3 }), triggers: [failing] },
    'below-min',
    1,
  ],
  [
    'keeps up the minimum without triggers',
    { min: 3, bounds: jobBounds({ minReplicaCount: 3 }), triggers: [] },
    'below-min',
    1,
  ],
  [
    'fills no cluster at once',
    { min: 2_000_000_000, bounds: jobBounds({ minReplicaCount: 2_000_000_000 }) },
    'below-min',
    1_000,
  ],
  ['is quiet', {}, 'quiet', 0, 'no work waits; 2 Jobs run (max 10)'],
  ['is quiet without triggers', { triggers: [] }, 'quiet', 0],
  ['is quiet with an active trigger of nothing (A14)', { triggers: [queue(0)] }, 'quiet', 0],
  [
    'has enough',
    { triggers: [queue(2)] },
    'enough',
    0,
    '2 messages wait, and 2 Jobs run (max 10): enough by the default strategy',
  ],
  [
    'rests while it is paused',
    { triggers: [queue(5)], paused: true },
    'paused',
    0,
    'paused by annotation; 2 Jobs run (max 10)',
  ],
  [
    'rests while it is paused below its minimum',
    { bounds: jobBounds({ minReplicaCount: 5 }), paused: true },
    'paused',
    0,
  ],
  [
    'waits until every trigger was asked',
    { triggers: [queue(5), jobTrigger('unread', { metric: 's1-b', index: 1 })] },
    'warming-up',
    0,
    'no Job is created until s1-b is read',
  ],
  [
    'waits for a list',
    { triggers: [queue(5)], listed: false },
    'awaiting-list',
    0,
    'no Job is created until those that exist have been listed',
  ],
  [
    'waits for a list to keep up the minimum',
    { bounds: jobBounds({ minReplicaCount: 5 }), listed: false },
    'awaiting-list',
    0,
  ],
  ['does not list where nothing waits', { listed: false }, 'quiet', 0],
  [
    'creates once a period',
    { triggers: [queue(5)], ...justNow },
    'awaiting-poll',
    0,
    'Jobs were just created; the next decision is made on the next poll, and 2 Jobs run (max 10)',
  ],
  [
    'keeps up the minimum once a period',
    { bounds: jobBounds({ minReplicaCount: 5 }), ...justNow },
    'awaiting-poll',
    0,
  ],
  ['creates again after a period', { triggers: [queue(5)], ...aPeriodAgo }, 'queued', 3],
  [
    'uses no word twice',
    { triggers: [queue(5, { asked: now - period })], ...aPeriodAgo },
    'awaiting-poll',
    0,
  ],
  [
    'uses no word twice that was asked for in the instant of the creation',
    { triggers: [queue(5, { asked: now - period + 4_000 }), failing], ...aPeriodAgo },
    'awaiting-poll',
    0,
  ],
  [
    'uses no word of one trigger twice',
    { triggers: [queue(5), other(5, { asked: now - period })], ...aPeriodAgo },
    'awaiting-poll',
    0,
  ],
  [
    'creates nothing on what cannot be read',
    { triggers: [failing] },
    'failing-blind',
    0,
    `no Job is created because s1-b cannot be read (${why}); 2 Jobs run (max 10)`,
  ],
  ['goes by the largest that can be read', { triggers: [queue(5), failing] }, 'queued', 3],
  [
    'goes by the sum of what can be read',
    { triggers: [queue(5), failing], combination: 'sum' },
    'queued',
    3,
  ],
  [
    'goes by no minimum of a part',
    { triggers: [queue(5), failing], combination: 'min' },
    'failing-blind',
    0,
  ],
  [
    'goes by no mean of a part',
    { triggers: [queue(5), failing], combination: 'avg' },
    'failing-blind',
    0,
  ],
  [
    'says so where the rest is quiet',
    { triggers: [jobTrigger('idle'), failing] },
    'failing-blind',
    0,
  ],
]

describe('a decision on a ScaledJob (5.2 to 5.4)', () => {
  for (const [name, difference, because, created, sentence] of rows)
    test(name, () => {
      const s = { ...calm, ...difference }
      const d = decideJobs(s)
      assert.equal(d.because, because)
      assert.equal('scaleTo' in d ? d.scaleTo - s.replicas : 0, created)
      if (sentence !== undefined) assert.equal(explain(s, d), sentence)
      assert.deepEqual(
        decideJobs(JSON.parse(JSON.stringify(s))),
        d,
        'a stored one is decided alike',
      )
    })

  test('has a row and a sentence for every word, and each says whether it scales', () => {
    const told = rows.filter(([, , , , sentence]) => sentence !== undefined)
    assert.deepEqual(
      new Set(told.map(([, , word]) => word)),
      new Set(jobReasonRows().map((r) => r.because)),
    )
    for (const { because, scales, doc } of jobReasonRows()) {
      assert.match(doc, /^[A-Z].*\.$/)
      for (const [, , word, created] of rows)
        if (word === because) assert.equal(created > 0, scales)
    }
  })
})

const strategies: readonly Strategy[] = [
  { kind: 'default' },
  { kind: 'accurate' },
  { kind: 'eager' },
]
const combinations: readonly Combination[] = ['max', 'min', 'avg', 'sum']

describe('whatever a ScaledJob meets', () => {
  const states = fc.constantFrom('active', 'idle', 'failing', 'unread')
  const situations = fc
    .record({
      running: fc.nat(30),
      pending: fc.nat(30),
      min: fc.nat(5),
      max: fc.integer({ min: 1, max: 20 }),
      strategy: fc.constantFrom(...strategies),
      combination: fc.constantFrom(...combinations),
      values: fc.array(fc.tuple(states, fc.double({ min: 0, max: 50, noNaN: true })), {
        maxLength: 4,
      }),
      listed: fc.boolean(),
    })
    .map(({ running, pending, min, max, values, ...rest }): JobSituation => ({
      ...calm,
      ...rest,
      replicas: running,
      pending: Math.min(pending, running),
      min,
      max,
      bounds: jobBounds({ minReplicaCount: min, maxReplicaCount: max }),
      triggers: values.map(([state, value], index) =>
        jobTrigger(state, { metric: `s${index}-a`, index, value }),
      ),
    }))

  const created = (s: JobSituation): number => {
    const d = decideJobs(s)
    return 'scaleTo' in d ? d.scaleTo : s.replicas
  }

  test('no more run than may, and none is taken away', () =>
    fc.assert(
      fc.property(situations, (s) => {
        const d = decideJobs(s)
        if (!('scaleTo' in d)) return
        assert.ok(Number.isInteger(d.scaleTo) && d.scaleTo > s.replicas)
        assert.ok(d.scaleTo <= s.bounds.min + s.bounds.extra, `${d.scaleTo}`)
        assert.ok(s.listed)
      }),
      { numRuns: 3_000 },
    ))

  test('an error creates no Job that the reading itself would not have', () =>
    fc.assert(
      fc.property(situations, fc.nat(3), (s, at) => {
        const triggers = s.triggers.map((t, i) =>
          i === at ? { ...t, state: 'failing' as const, value: undefined } : t,
        )
        if (s.triggers.some((t) => t.state === 'unread')) return
        assert.ok(created({ ...s, triggers }) <= created(s))
      }),
      { numRuns: 3_000 },
    ))

  test('more backlog never means fewer Jobs', () =>
    fc.assert(
      fc.property(situations, fc.integer({ min: 1, max: 100 }), (s, more) => {
        const triggers = s.triggers.map((t) =>
          t.state === 'active' && t.value !== undefined ? { ...t, value: t.value + more } : t,
        )
        assert.ok(created({ ...s, triggers }) >= created(s))
      }),
      { numRuns: 3_000 },
    ))

  test('a record that was stored is decided the same again', () =>
    fc.assert(
      fc.property(situations, (s) => {
        const stored: JobSituation = JSON.parse(JSON.stringify(s))
        assert.equal(JSON.stringify(decideJobs(stored)), JSON.stringify(decideJobs(s)))
      }),
      { numRuns: 3_000 },
    ))
})

describe('the conditions of a ScaledJob (1.9, 5.4)', () => {
  const fine: JobTrouble = { create: undefined, remove: undefined }
  const after = (difference: Partial<JobSituation>, trouble = fine): readonly Condition[] => {
    const s = { ...calm, ...difference }
    const changes = jobConditionsAfter(s, decideJobs(s), trouble, initialConditions)
    return merge(initialConditions, changes)
  }
  const short = (all: readonly Condition[], type: string): string =>
    `${find(all, type)?.status} ${find(all, type)?.reason ?? ''}`.trim()
  const withMin = { bounds: jobBounds({ minReplicaCount: 1 }) }

  const cases: [name: string, difference: Partial<JobSituation>, ready: string, active: string][] =
    [
      ['quiet', {}, 'True ScaledJobReady', 'False ScalerNotActive'],
      ['active', { triggers: [queue(5)] }, 'True ScaledJobReady', 'True ScalerActive'],
      ['active by its minimum', withMin, 'True ScaledJobReady', 'True ScalerActive'],
      ['blind', { triggers: [failing] }, 'False TriggerError', 'False ScalerNotActive'],
      [
        'blind in part',
        { triggers: [queue(5), failing] },
        'Unknown PartialTriggerError',
        'True ScalerActive',
      ],
      [
        'blind with a minimum',
        { ...withMin, triggers: [failing] },
        'Unknown PartialTriggerError',
        'True ScalerActive',
      ],
      ['warming up', { triggers: [jobTrigger('unread')] }, 'True ScaledJobReady', 'Unknown'],
      ['paused', { paused: true }, 'True ScaledJobReady', 'Unknown'],
    ]
  for (const [name, difference, ready, active] of cases)
    test(name, () => {
      const all = after(difference)
      assert.equal(short(all, 'Ready'), ready)
      assert.equal(short(all, 'Active'), active)
      assert.equal(short(all, 'Fallback'), 'Unknown')
    })

  test('say why Jobs cannot be created, or else why some cannot be deleted', () => {
    const of = (trouble: Partial<JobTrouble>): Condition | undefined =>
      find(after({ triggers: [queue(5)] }, { ...fine, ...trouble }), 'Ready')
    assert.partialDeepStrictEqual(of({ create: 'quota', remove: 'role' }), {
      status: 'False',
      reason: 'KEDAJobCreateFailed',
      message: 'quota',
    })
    assert.partialDeepStrictEqual(of({ remove: 'role' }), {
      status: 'False',
      reason: 'ScaledJobCheckFailed',
      message: 'role',
    })
  })
  test('hold no value: more of the same changes nothing', () => {
    const [s, t] = [5, 6].map((value) => ({ ...calm, triggers: [queue(value), failing] }))
    assert.ok(s && t)
    const before = merge(initialConditions, jobConditionsAfter(s, decideJobs(s), fine, []))
    assert.equal(merge(before, jobConditionsAfter(t, decideJobs(t), fine, before)), before)
  })
})
