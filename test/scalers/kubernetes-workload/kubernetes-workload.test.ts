import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPods } from '../../../scalers/kubernetes-workload/client.ts'
import { kubernetesWorkload } from '../../../scalers/kubernetes-workload/index.ts'
import { read } from '../../../src/metadata/schema.ts'
import type { Answer, PodFacts, PodView } from '../../../src/scaler.ts'
import { givenBy } from '../../contract/scaler.ts'

const pod = (difference: Partial<PodFacts> = {}): PodFacts => ({
  name: 'a',
  phase: 'Running',
  ready: true,
  node: 'n1',
  conditions: [],
  job: undefined,
  report: undefined,
  background: undefined,
  ...difference,
})

function view(pods: readonly PodFacts[], difference: Partial<PodView> = {}) {
  const listeners = new Set<() => void>()
  let released = 0
  const shown: PodView = {
    synced: Promise.resolve(),
    stale: undefined,
    list: () => pods,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    release: () => released++,
    ...difference,
  }
  return { shown, listeners, released: () => released }
}

const never = new AbortController().signal
const all = { namespace: 'ns', selector: 'app=web', nodes: false }

describe('what kubernetes-workload counts', () => {
  const pods = [
    pod(),
    pod({ phase: 'Pending', node: undefined }),
    pod({ phase: 'Unknown', node: 'n2' }),
    pod({ phase: 'Succeeded', node: 'n3' }),
    pod({ phase: 'Failed', node: 'n4' }),
    pod({ node: '' }),
  ]
  for (const [what, nodes, count] of [
    ['pods that have not ended', false, 4],
    ['the nodes they run on', true, 2],
  ] as const)
    test(what, async () => {
      const { shown, released } = view(pods)
      const counter = openPods({ followPods: () => shown })
      assert.deepEqual(await counter.count({ ...all, nodes }, never), {
        kind: 'value',
        value: count,
      })
      assert.equal(released(), 1)
    })

  test('nothing, but an error, while the pods cannot be followed', async () => {
    const { shown } = view(pods, { stale: { since: 0, why: 'refused' } })
    const answer = await openPods({ followPods: () => shown }).count(all, never)
    assert.equal(answer.kind === 'error' && answer.error.code, 'SOURCE_UNREACHABLE')
  })

  test('nothing before all are known: it waits until its deadline', async () => {
    const { shown, released } = view(pods, { synced: new Promise(() => undefined) })
    const reason = new Error('too late')
    const stop = new AbortController()
    const counting = openPods({ followPods: () => shown }).count(all, stop.signal)
    stop.abort(reason)
    await assert.rejects(counting, reason)
    assert.equal(released(), 1)
  })
})

test('kubernetes-workload tells of every change while it is followed', async () => {
  const { shown, listeners, released } = view([pod()])
  const stop = new AbortController()
  const told: Answer<unknown>[] = []
  const push = { answer: (answer: Answer<unknown>) => told.push(answer) }
  const followed = openPods({ followPods: () => shown }).follow(all, push, stop.signal)
  for (const tell of listeners) tell()
  assert.deepEqual(told, [{ kind: 'value', value: 1 }])
  stop.abort()
  await followed
  assert.equal(released(), 1)
})

describe('metadata of kubernetes-workload', () => {
  const parse = (metadata: Record<string, string>) =>
    read(
      'kubernetes-workload',
      kubernetesWorkload.fields,
      givenBy(metadata),
      kubernetesWorkload.check,
    )
  test('names the metric by the namespace of the workload, whatever namespace is written', () => {
    const m = parse({ podSelector: 'app in (a, b), !c', value: '2.5', namespace: 'other' })
    assert.deepEqual(
      kubernetesWorkload.specs(m, () => assert.fail()),
      [{ name: 'workload-ns', target: 2.5, form: 'decimal' }],
    )
    assert.deepEqual(kubernetesWorkload.query(m, { name: '', target: 1, form: 'decimal' }), {
      namespace: 'ns',
      selector: 'app in (a, b), !c',
      nodes: false,
    })
  })
  test('is active above activationValue, not at it', () => {
    const m = parse({ podSelector: 'a', value: '1', activationValue: '2' })
    const spec = { name: '', target: 1, form: 'decimal' } as const
    const active = (n: number) => kubernetesWorkload.conclude(n, m, undefined, spec)
    assert.deepEqual(
      [active(2), active(3)],
      [
        { value: 2, active: false },
        { value: 3, active: true },
      ],
    )
  })
  test('needs no value under scalingModifiers, which look at no target of a trigger', () => {
    for (const value of [undefined, '0', '-1', '2'])
      assert.doesNotThrow(() => {
        const given = givenBy({ podSelector: 'a', ...(value !== undefined && { value }) })
        const composed = { ...given, workload: { ...given.workload, composed: 'true' } }
        read('kubernetes-workload', kubernetesWorkload.fields, composed, kubernetesWorkload.check)
      })
  })
  for (const [what, metadata, problem] of [
    ['no value', { podSelector: 'a' }, /value must be above 0/],
    ['no selector', { value: '1' }, /podSelector is required/],
    ['a selector that is none', { podSelector: 'a=b,)', value: '1' }, /podSelector cannot be read/],
    ['a value of 0', { podSelector: 'a', value: '0' }, /value must be above 0/],
    ['a negative value', { podSelector: 'a', value: '-1' }, /value must be above 0/],
  ] as const)
    test(`refuses ${what}`, () => assert.throws(() => parse(metadata), problem))
})
