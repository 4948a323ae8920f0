/** What does one decision with three triggers cost, in time and in what it allocates: with an HPA, without one, of Jobs? */
import { decide, type Situation, type TriggerFacts } from '../src/core/decide.ts'
import { decideJobs, type JobSituation } from '../src/core/decide-jobs.ts'
import { demandOf, type DemandInput, type Measured } from '../src/core/demand.ts'
import { directAfter, type DirectFacts } from '../src/core/direct.ts'
import { noHealth } from '../src/core/health.ts'
import { jobBounds } from '../src/core/jobs.ts'
import { modifiersOf } from '../src/core/modifiers.ts'
import { median, round, settledHeap } from './measure.ts'
import { render } from './table.ts'

const now = 1_700_000_000_000

const trigger = (index: number, value: number): TriggerFacts => ({
  metric: `s${index}-kafka-orders`,
  type: 'kafka',
  state: value > 0 ? 'active' : 'idle',
  value,
  target: 5,
  at: now - 1_000,
  error: undefined,
})

const situation = (values: readonly number[], more: Partial<Situation> = {}): Situation => ({
  now,
  created: 0,
  lastActive: now - 60_000,
  replicas: 3,
  min: 0,
  max: 100,
  idle: undefined,
  cooldown: { initial: 0, period: 300_000 },
  triggers: values.map((value, index) => trigger(index, value)),
  composite: undefined,
  everActive: true,
  freshSince: 0,
  forced: false,
  paused: 'no',
  hold: false,
  holdOn: [],
  direct: undefined,
  contested: undefined,
  fallbackReplicas: undefined,
  ...more,
})

const measured = (facts: TriggerFacts, index: number): Measured => ({
  name: `t${index}`,
  metricType: undefined,
  holds: false,
  facts,
})

const triggers = [
  { type: 'kafka', name: 't0' },
  { type: 'kafka', name: 't1' },
  { type: 'kafka', name: 't2' },
]
const modifiers = modifiersOf({ formula: 'max([t0, t1, t2])', target: '5' }, triggers)

const demandInput: DemandInput = {
  metrics: [0, 4, 7].map((value, index) => measured(trigger(index, value), index)),
  health: noHealth,
  fallback: { threshold: 3, replicas: 4, behavior: 'static' },
  modifiers: undefined,
  sum: false,
  replicas: 3,
  readyPods: () => 3,
}
const composed = {
  ...demandInput,
  modifiers: modifiers && 'problems' in modifiers ? undefined : modifiers,
}

const asleep = situation([0, 0, 0], { replicas: 0 })
const awake = situation([0, 0, 7])
const cooling = situation([0, 0, 0])
const failing = situation([0, 0, 0], {
  triggers: [
    ...cooling.triggers.slice(1),
    { ...trigger(2, 0), state: 'failing', error: 'no answer' },
  ],
})

/** Without an HPA: three metrics, and as many counts remembered as a busy workload of that size comes to. */
const direct = (values: readonly number[]): DirectFacts => ({
  behavior: undefined,
  straight: true,
  readings: values.map((value, index) => ({
    name: `s${index}-kafka-orders`,
    target: { type: 'AverageValue', milli: 5_000 },
    read: { kind: 'value', milli: value * 1_000 },
  })),
  status: 3,
  pods: { all: 3, ready: 3 },
  state: {
    recommendations: Array.from({ length: 20 }, (_, i) => ({
      at: now - i * 14_000,
      replicas: 1 + (i % 10),
    })),
    ups: [{ at: now - 20_000, change: 1 }],
    downs: [],
  },
})
const alone = (values: readonly number[], more: Partial<Situation> = {}): Situation =>
  situation(values, { direct: direct(values), ...more })
const waking = alone([0, 4, 70], { replicas: 0 })
const rising = alone([0, 4, 70])
const remembering = direct([0, 4, 14])
const onTarget = alone([0, 4, 14])
const falling = alone([0, 0, 4])

const jobs = (values: readonly number[], more: Partial<JobSituation> = {}): JobSituation => ({
  now,
  replicas: 3,
  pending: 1,
  min: 0,
  max: 100,
  bounds: jobBounds({ maxReplicaCount: 100 }),
  strategy: { kind: 'accurate' },
  combination: 'max',
  triggers: values.map((value, index) => ({ ...trigger(index, value), index, asked: now - 1_010 })),
  listed: true,
  batch: { began: now - 60_000, ended: now - 59_000 },
  period: 30_000,
  paused: false,
  ...more,
})
const queued = jobs([0, 4, 70])
const nothingQueued = jobs([0, 0, 0])
const summed = jobs([3, 4, 70], { combination: 'sum' })

const cases: readonly (readonly [name: string, work: () => unknown])[] = [
  ['asleep', () => decide(asleep)],
  ['awake', () => decide(awake)],
  ['cooling down', () => decide(cooling)],
  ['one failing', () => decide(failing)],
  ['direct: waking', () => decide(waking)],
  ['direct: rising', () => decide(rising)],
  ['direct: on target', () => decide(onTarget)],
  ['direct: stabilizing', () => decide(falling)],
  ['Jobs: queued', () => decideJobs(queued)],
  ['Jobs: nothing queued', () => decideJobs(nothingQueued)],
  ['Jobs: the sum of all', () => decideJobs(summed)],
  ['what direct mode remembers', () => directAfter(onTarget, remembering, undefined)],
  ['demand with a fallback', () => demandOf(demandInput)],
  ['demand with a formula', () => demandOf(composed)],
]

/** So many of the cases are a decision; the rest is what it is made on and what it leaves. */
const decisions = 11

/** Kept in sight, so that no call is optimized away. */
const last: { result: unknown } = { result: undefined }

function time(work: () => unknown, calls: number): number {
  const start = performance.now()
  for (let i = 0; i < calls; i++) last.result = work()
  return ((performance.now() - start) * 1e6) / calls
}

/** Bytes of a stretch too short for a collection, and what of a long one is left after a full collection. */
function allocation(work: () => unknown): { readonly bytes: number; readonly kept: number } {
  const stretch = 5_000
  const runs = Array.from({ length: 5 }, () => {
    settledHeap()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < stretch; i++) last.result = work()
    return (process.memoryUsage().heapUsed - before) / stretch
  })
  const before = settledHeap()
  for (let i = 0; i < 200_000; i++) last.result = work()
  return { bytes: median(runs), kept: (settledHeap() - before) / 200_000 }
}

export async function run({
  quick,
  log,
}: {
  readonly quick: boolean
  readonly log: (line: string) => void
}): Promise<object> {
  const calls = quick ? 200_000 : 1_000_000
  for (const [, work] of cases) time(work, 50_000)
  const rows = cases.map(([name, work]) => {
    const ns = median(Array.from({ length: 7 }, () => time(work, calls)))
    const { bytes, kept } = allocation(work)
    return { name, ns: round(ns), bytes: round(bytes), kept: round(kept, 2) }
  })
  log(
    render({
      title: 'Three triggers, per call',
      columns: ['case', 'ns', 'bytes allocated', 'bytes kept'],
      rows: rows.map(({ name, ns, bytes, kept }) => [name, ns, bytes, kept]),
    }),
  )
  return { cases: rows, worst_ns: Math.max(...rows.slice(0, decisions).map(({ ns }) => ns)) }
}
