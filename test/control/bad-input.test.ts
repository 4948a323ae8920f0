import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createJudge, type Facts, type JudgedKind } from '../../src/admission/judge.ts'
import { neighboursAmong } from '../../src/admission/neighbours.ts'
import { fieldText } from '../../src/admission/problem.ts'
import { isFailure, reasonOf } from '../../src/errors.ts'
import { kinds, type Kind } from '../../src/kinds.ts'
import type { Condition, Resource } from '../../src/resources.ts'
import { type Bench, deployment, forever, openBench, scaledObject } from '../support/controller.ts'
import { plain, specOf, withWrong, type Wrong, wrongs } from '../support/wrong.ts'

const judge = createJudge()
let bench: Bench
let messages = 0
let facts: Facts

before(async () => {
  bench = await openBench({ hpasRead: true })
  for (const name of ['orders', 'bad'])
    await bench.cluster.create(kinds.deployment, deployment(name), forever)
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject({ pollingInterval: 1, cooldownPeriod: 1 }),
    forever,
  )
  await bench.clock.advance(1_000)
  facts = {
    neighbours: neighboursAmong([], []),
    target: undefined,
    judgesTarget: true,
    limits: [],
    types: ['queue'],
    scaler: (type) => (type === 'queue' ? bench.source.scaler : undefined),
    authentication: () => undefined,
  }
})
after(() => bench.close())

/** The other workload still follows its source: up, down again, and its condition stays as it is. */
async function unharmed(): Promise<void> {
  messages = messages === 0 ? 3 : 0
  bench.source.queues.set('orders', messages)
  await bench.clock.advance(4_000)
  assert.equal(await bench.replicas(), messages === 0 ? 0 : 1)
  assert.equal((await bench.condition('Ready')).status, 'True')
}

const isPrefix = (short: readonly unknown[], long: readonly unknown[]): boolean =>
  short.every((step, at) => step === long[at])

/**
 * What the library says of the object, and then the cluster's definition and the controller. They must agree on the form;
 * whoever refuses names the field, or what is in it, or what is around it.
 */
async function meets(kind: Kind<Resource>, object: Resource, wrong: Wrong): Promise<boolean> {
  // one of the four, as this suite calls it
  const problems = judge.judge(kind.kind as JudgedKind, JSON.parse(JSON.stringify(object)), facts)
  const formal = problems.filter(({ rule }) => rule === 'structure')
  const where = ['spec', ...wrong.path]
  for (const { message } of problems)
    assert.ok(message.length < 2_500, `${message.length} characters`)
  try {
    await bench.cluster.create(kind, object, forever)
  } catch (error) {
    assert.ok(isFailure(error, 'CLUSTER_INVALID'), reasonOf(error))
    assert.ok(
      formal.length > 0,
      `the library lets in what the definition does not: ${reasonOf(error).slice(0, 200)}`,
    )
    assert.ok(
      formal.some(({ path }) => isPrefix(where, path) || isPrefix(path, where)),
      `names ${formal.map(({ path }) => fieldText(path)).join(', ')}`,
    )
    return false
  }
  assert.deepEqual(
    formal.map(({ message }) => message),
    [],
    'the definition lets in what the library does not',
  )
  return true
}

/** Takes an object away again, as a user does, and waits until it is gone. */
async function away(kind: Kind<Resource>): Promise<void> {
  const ref = { namespace: kind.namespaced ? 'default' : '', name: 'bad' }
  await bench.cluster.remove(kind, ref, {}, forever)
  await bench.clock.advance(500)
  assert.equal(await bench.cluster.get(kind, ref, forever), undefined, 'it can be deleted')
}

interface Stored extends Resource {
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** A condition that says how it is in few words, and a count that is one. */
async function stands(kind: Kind<Resource> = kinds.scaledObject): Promise<void> {
  const ref = { namespace: 'default', name: 'bad' }
  if (kind.kind === 'ScaledObject') {
    const replicas = await bench.replicas('bad')
    assert.ok(Number.isInteger(replicas) && replicas >= 0 && replicas < 2 ** 31, `${replicas}`)
  } else {
    const { items } = await bench.cluster.list(kinds.job, { namespace: 'default' }, forever)
    assert.ok(items.length <= 1_000, `${items.length} Jobs`)
  }
  const found: Stored | undefined = await bench.cluster.get(kind, ref, forever)
  const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready')
  const { status, message = '' } = ready ?? { status: 'absent' }
  assert.ok(['True', 'False', 'Unknown'].includes(status), `Ready is ${status}`)
  assert.ok(message !== '' && message.length <= 4_001, `${message.length} characters`)
  assert.ok(!/\bat .*\.ts:|undefined|\[object|NaN/.test(message), message.slice(0, 300))
}

const objectOf = (kind: Kind<Resource>, spec: unknown): Resource & { readonly spec: unknown } => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: kind.kind,
  metadata: { name: 'bad', ...(kind.namespaced && { namespace: 'default' }) },
  spec,
})

async function tryScalable(kind: Kind<Resource>, spec: unknown, wrong: Wrong): Promise<void> {
  if (!(await meets(kind, objectOf(kind, spec), wrong))) return
  try {
    await bench.clock.advance(1_500)
    await stands(kind)
  } finally {
    await away(kind)
  }
}

/** It is a ScaledObject that uses it which must stand. */
async function tryAuthentication(kind: Kind<Resource>, spec: unknown, wrong: Wrong): Promise<void> {
  if (!(await meets(kind, objectOf(kind, spec), wrong))) return
  const triggers = [{ ...trigger, authenticationRef: { name: 'bad', kind: kind.kind } }]
  const user = scaledObject({ triggers }, { name: 'bad' })
  await bench.cluster.create(kinds.scaledObject, user, forever)
  try {
    await bench.clock.advance(1_500)
    await stands()
  } finally {
    await away(kinds.scaledObject)
    await away(kind)
  }
}

const trigger = { type: 'queue', metadata: { queue: 'bad' } }
const rows: readonly (readonly [
  Kind<Resource>,
  base: unknown,
  tried: typeof tryScalable,
  least: number,
])[] = [
  [
    kinds.scaledObject,
    { scaleTargetRef: { name: 'bad' }, pollingInterval: 1, triggers: [trigger] },
    tryScalable,
    400,
  ],
  [
    kinds.scaledJob,
    { ...Object(plain(specOf('ScaledJob'))), triggers: [trigger] },
    tryScalable,
    400,
  ],
  [kinds.triggerAuthentication, {}, tryAuthentication, 700],
  [kinds.clusterTriggerAuthentication, {}, tryAuthentication, 700],
]

for (const [kind, base, tried, least] of rows)
  void describe(`a ${kind.kind} with a wrong field`, () => {
    const spec = specOf(kind.kind)
    const byField = Map.groupBy(wrongs(spec), ({ path }) => fieldText(['spec', ...path]))
    void it('is tried with every field of its definition', () => {
      const count = [...byField.values()].flat().length
      assert.ok(count >= least, `${count}`)
    })
    for (const [field, all] of byField)
      void it(`is refused by the field's name, or harms nobody: ${field}`, async () => {
        const complaints: string[] = []
        for (const wrong of all)
          await tried(kind, withWrong(base, spec, wrong.path, wrong.value), wrong).catch(
            (error: unknown) => complaints.push(`${wrong.what}: ${reasonOf(error).slice(0, 500)}`),
          )
        assert.deepEqual(complaints, [])
        await unharmed()
      })
  })
