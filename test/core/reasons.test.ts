import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Behavior } from '../../src/core/behavior.ts'
import { decide, type Because, type Situation } from '../../src/core/decide.ts'
import type { HpaReading } from '../../src/core/proposal.ts'
import { explain, reasonRows } from '../../src/core/reasons.ts'
import { noHpaState } from '../../src/core/replicas.ts'
import { minute, quiet, trigger } from './situation.ts'

const busy = { triggers: [trigger('active')] }
const failing = { triggers: [trigger('failing')] }
const metric = 's0-azure-queue-orders'

/** Three replicas of a workload without an HPA, five messages each. */
const asked = (
  value: number,
  behavior: Behavior = { scaleDown: { stabilizationWindowSeconds: 0 } },
): Partial<Situation> => ({
  triggers: [trigger('active', { value, target: 5 })],
  direct: {
    behavior,
    straight: true,
    readings: [
      {
        name: metric,
        target: { type: 'AverageValue', milli: 5_000 },
        read: { kind: 'value', milli: value * 1_000 },
      },
    ],
    status: 3,
    pods: { all: 3, ready: 3 },
    state: noHpaState,
  },
})

/** Five in the queue of three replicas, and cpu beside it. */
const measured = (read: HpaReading['read'], value?: number): Partial<Situation> => {
  const { triggers = [], direct } = asked(5)
  return {
    triggers: [...triggers, trigger('resource', { metric: 'cpu', target: 60, value })],
    direct: direct && {
      ...direct,
      readings: [...direct.readings, { name: 'cpu', target: { type: 'Usage' }, read }],
    },
  }
}

const cases: [difference: Partial<Situation>, because: Because, sentence: string][] = [
  [
    { ...busy, replicas: 0 },
    'triggered',
    `from 0 to 1 replica because ${metric} is active (12, target 5 per replica)`,
  ],
  [
    { triggers: [trigger('fallback')], fallbackReplicas: 2, replicas: 0 },
    'triggered',
    `from 0 to 1 replica because ${metric} is in fallback`,
  ],
  [
    {
      composite: trigger('active', { metric: 'composite-metric', value: 7, target: 2 }),
      replicas: 0,
    },
    'triggered',
    'from 0 to 1 replica because composite-metric is active (7, target 2 per replica)',
  ],
  [
    { forced: true, replicas: 0, min: 2 },
    'forced',
    'from 0 to 2 replicas because the force-activation annotation asks for it',
  ],
  [{}, 'quiet', 'from 3 to 0 replicas because no trigger was active for 50 min'],
  [
    { lastActive: undefined, everActive: false, created: 40 * minute },
    'quiet',
    'from 3 to 0 replicas because no trigger was active since it was created 1 h ago',
  ],
  [{ min: 5 }, 'below-min', 'from 3 to 5 replicas because minReplicaCount is 5'],
  [{ paused: 'in' }, 'paused', 'paused by annotation (scale-in); 3 replicas stay'],
  [{ hold: true, replicas: 1 }, 'held', 'scale-in is held everywhere by --hold; 1 replica stays'],
  [{ hold: true }, 'held', 'scale-in is held everywhere by --hold; 3 replicas stay'],
  [
    busy,
    'hpa-in-charge',
    `the HPA decides from here because ${metric} is active (12, target 5 per replica)`,
  ],
  [{ forced: true }, 'hpa-in-charge', 'the HPA decides from here because activation is forced'],
  [
    { triggers: [trigger('resource')] },
    'hpa-in-charge',
    'the HPA decides from here because cpu and memory are all it is scaled on',
  ],
  [
    { triggers: [trigger('active', { metric: 's0-a' }), trigger('failing', { metric: 's1-b' })] },
    'partly-failing',
    'the HPA decides on what can be read; s1-b cannot be read (http://queue did not answer within 3000 ms)',
  ],
  [
    failing,
    'failing-blind',
    `3 replicas stay because ${metric} cannot be read (http://queue did not answer within 3000 ms)`,
  ],
  [
    { ...failing, fallbackReplicas: 1 },
    'awaiting-fallback',
    `3 replicas stay until the fallback (1 replica) takes over because ${metric} cannot be read (http://queue did not answer within 3000 ms)`,
  ],
  [
    { triggers: [trigger('unread'), trigger('idle', { metric: 's1-b', at: 0 })] },
    'warming-up',
    `3 replicas stay until ${metric} and s1-b are read anew`,
  ],
  [{ triggers: [trigger('unread')] }, 'warming-up', `3 replicas stay until ${metric} is read anew`],
  [
    { triggers: [trigger('active', { value: undefined })] },
    'hpa-in-charge',
    `the HPA decides from here because ${metric} is active`,
  ],
  [{ triggers: [] }, 'warming-up', '3 replicas stay until its triggers are read anew'],
  [
    { lastActive: 99 * minute + 15_500 },
    'cooling-down',
    '3 replicas stay for another 4 min 16 s: no trigger was active for 45 s',
  ],
  [
    asked(20),
    'demand-rose',
    `from 3 to 4 replicas because ${metric} is active (20, target 5 per replica)`,
  ],
  [
    asked(5),
    'demand-fell',
    `from 3 to 1 replica because the triggers ask for no more (${metric} is 5, target 5 per replica)`,
  ],
  [
    asked(15),
    'on-target',
    `3 replicas stay: that is what the triggers ask for (${metric} is 15, target 5 per replica)`,
  ],
  [
    asked(5, { scaleDown: { stabilizationWindowSeconds: 300 } }),
    'stabilizing',
    `3 replicas stay for another 5 min until the stabilization window is over (${metric} is 5, target 5 per replica)`,
  ],
  [
    asked(20, { scaleUp: { selectPolicy: 'Disabled' } }),
    'rate-limited',
    `3 replicas stay until the scaling policies allow the next step (${metric} is 20, target 5 per replica)`,
  ],
  [
    {
      contested: {
        manager: 'kube-controller-manager',
        operation: 'Update',
        subresource: 'scale',
        until: 104 * minute,
      },
    },
    'contested',
    '3 replicas stay for another 4 min because kube-controller-manager (Update of scale, for a HorizontalPodAutoscaler) keeps writing them',
  ],
  [
    measured({ kind: 'missing', reason: 'FailedGetResourceMetric', message: 'no pod is ready' }),
    'unmeasured',
    `3 replicas stay: nothing asks for more (${metric} is 5, target 5 per replica and cpu is unknown, target 60), and cpu is not known (no pod is ready)`,
  ],
  [
    measured({ kind: 'usage', ratio: 2, ready: 3, guarded: undefined, current: 120 }, 120),
    'demand-rose',
    `from 3 to 6 replicas because the triggers ask for more (${metric} is 5, target 5 per replica and cpu is 120, target 60)`,
  ],
  [{ ...asked(20), max: 2 }, 'above-max', 'from 3 to 2 replicas because maxReplicaCount is 2'],
  [{ replicas: 0 }, 'settled', 'no trigger is active and it rests at 0 replicas'],
  [{ min: 1, max: 9 }, 'settled', 'no trigger is active; between 1 and 9 replicas the HPA decides'],
]

describe('explain', () => {
  for (const [difference, because, sentence] of cases) {
    test(`${because}: ${sentence}`, () => {
      const s = { ...quiet, ...difference }
      const d = decide(s)
      assert.equal(d.because, because)
      assert.equal(explain(s, d), sentence)
    })
  }

  test('has a sentence for every word of the table', () => {
    const told = new Set(cases.map(([, because]) => because))
    assert.deepEqual(new Set(reasonRows().map((row) => row.because)), told)
  })
})

describe('the table of reasons', () => {
  test('says of each word whether it scales, as decide uses it', () => {
    const scaling = new Map(reasonRows().map((row) => [row.because, row.scales]))
    for (const [difference, because] of cases)
      assert.equal('scaleTo' in decide({ ...quiet, ...difference }), scaling.get(because))
  })

  test('documents each word in whole sentences', () => {
    for (const { doc } of reasonRows()) assert.match(doc, /^[A-Z].*\.$/)
  })
})
