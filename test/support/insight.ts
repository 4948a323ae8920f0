import type { Insight, LedgerRecord, WorkloadView } from '../../src/control/insight.ts'
import type { WorkloadKind } from '../../src/core/workload-kinds.ts'
import type { Decision, Situation, TriggerFacts } from '../../src/core/decide.ts'

const second = 1000

/** An active queue of 42 messages against 5 per replica, read two seconds before `now`. */
export const trigger = (now: number, difference: Partial<TriggerFacts> = {}): TriggerFacts => ({
  metric: 's0-azure-queue-orders',
  type: 'azure-queue',
  state: 'active',
  value: 42,
  target: 5,
  at: now - 2 * second,
  error: undefined,
  ...difference,
})

/** Four replicas of at most ten, the HPA in charge. */
export const situation = (now: number, difference: Partial<Situation> = {}): Situation => ({
  now,
  created: now - 3600 * second,
  lastActive: now - 2 * second,
  replicas: 4,
  min: 0,
  max: 10,
  idle: undefined,
  cooldown: { initial: 0, period: 10 * second },
  triggers: [trigger(now)],
  composite: undefined,
  everActive: true,
  freshSince: now - 3600 * second,
  forced: false,
  paused: 'no',
  hold: false,
  holdOn: [],
  direct: undefined,
  contested: undefined,
  fallbackReplicas: undefined,
  ...difference,
})

const inCharge: Decision = { stay: true, because: 'hpa-in-charge', until: undefined }

export const record = (
  now: number,
  difference: Partial<LedgerRecord> & { readonly facts?: Partial<Situation> } = {},
): LedgerRecord => {
  const { facts, ...rest } = difference
  return {
    firstAt: now,
    lastAt: now,
    count: 1,
    situation: situation(now, facts),
    decision: inCharge,
    write: { kind: 'none' },
    ...rest,
  }
}

/** The demo's workload in the middle of its work. Every test says only what differs. */
export const workload = (now: number, difference: Partial<WorkloadView> = {}): WorkloadView => ({
  namespace: 'default',
  name: 'orders',
  kind: 'ScaledObject',
  target: { kind: 'Deployment', name: 'orders' },
  mode: 'hpa',
  pollingInterval: 2 * second,
  hpa: 'keda-hpa-orders',
  ready: {
    status: 'True',
    reason: 'ScaledObjectReady',
    message: 'ScaledObject is defined correctly',
  },
  replicas: 4,
  situation: situation(now),
  decision: inCharge,
  records: [
    record(now - 10 * second, {
      facts: { replicas: 0 },
      decision: { scaleTo: 1, because: 'triggered' },
      write: { kind: 'scaled', from: 0, to: 1 },
    }),
    record(now - 8 * second, { lastAt: now, count: 5 }),
  ],
  history: [0, 1, 1, 4, 4].map((replicas, index) => ({
    at: now - (10 - 2 * index) * second,
    replicas,
    values: [50 - 2 * index],
  })),
  ...difference,
})

/** An Insight that shows what it is told to; `show` changes it. */
export function fakeInsight(first: readonly WorkloadView[]): Insight & {
  show(views: readonly WorkloadView[]): void
} {
  let views = first
  return {
    show(next) {
      views = next
    },
    list: async () => views,
    async get(namespace, name, kind) {
      const named = views.filter((view) => view.namespace === namespace && view.name === name)
      const of = (which: WorkloadKind): WorkloadView | undefined =>
        named.find((view) => view.kind === which)
      return kind === undefined ? (of('ScaledObject') ?? of('ScaledJob')) : of(kind)
    },
  }
}
