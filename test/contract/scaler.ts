import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { type Code, isFailure } from '../../src/errors.ts'
import type { Given } from '../../src/metadata/fields.ts'
import { connectionOf, read, secretsOf } from '../../src/metadata/schema.ts'
import type { AnyScaler, Answer, Host, Query, Reading, Service, Spec } from '../../src/scaler.ts'
import { testHost } from '../support/host.ts'

/** One source that a scaler is pointed at, real or fake, and what it must find there. */
export interface Stage {
  /** Two triggers of one source that have an answer. */
  readonly good: Expected
  readonly other: Expected
  /** A trigger of the same source whose query is wrong by itself; undefined where none can be once its metadata are good. */
  readonly bad: { readonly given: Given; readonly code: Code } | undefined
  /** The same source under credentials it does not know; undefined where it asks for none. */
  readonly strangers: Given | undefined
  /** The same where nobody listens; undefined where nobody is asked. */
  readonly nobody: Given | undefined
  /** What the scaler is lent; the clock alone where absent. */
  readonly host?: Host
  /** Connections open at the source now; undefined where it cannot be told. */
  connections(): number | undefined
  close(): Promise<void>
}

export interface Expected {
  readonly given: Given
  readonly value: number
}

/** Metadata of a trigger, with nothing elsewhere but what is said. */
export const givenBy = (
  trigger: Record<string, string>,
  auth: Record<string, string> = {},
): Given => ({ trigger, auth, env: {}, identity: {}, workload: { namespace: 'ns', name: 'wl' } })

/** A trigger as the engine sees it: parsed, announced, with its source open. */
export interface Opened {
  readonly m: Readonly<Record<string, unknown>>
  readonly specs: readonly Spec[]
  readonly queries: readonly Query[]
  readonly service: Service
}

export async function openTrigger(
  scaler: AnyScaler,
  given: Given,
  host = testHost(),
): Promise<Opened> {
  const m: Opened['m'] = read(scaler.type, scaler.fields, given, scaler.check)
  const never = new AbortController().signal
  const service: Service = await scaler.open(connectionOf(scaler.fields, m), host, never)
  const specs: readonly Spec[] = await scaler.specs(m, (work) => work(service, never))
  return { m, specs, service, queries: specs.map((spec) => scaler.query(m, spec)) }
}

/** Asks within a time that no working source needs. */
export const askAll = (
  scaler: AnyScaler,
  service: Service,
  queries: readonly Query[],
): Promise<readonly Answer<unknown>[]> => scaler.ask(service, queries, AbortSignal.timeout(10_000))

/** Fails where anything that was thrown or answered shows a secret, however deep one looks. */
export function assertNoSecret(shown: unknown, secrets: readonly string[]): void {
  const text = inspect(shown, { depth: 12, showHidden: true, maxStringLength: null })
  for (const secret of secrets) assert.ok(!text.includes(secret), `a secret shows in ${text}`)
}

/** What every scaler does, whatever it asks. `stage` gives undefined where the machine lacks a part (and says so). */
export function scalerContract(
  title: string,
  scaler: AnyScaler,
  stage: (t: TestContext) => Promise<Stage | undefined>,
): void {
  const on = (name: string, body: (stage: Stage) => Promise<void>): void => {
    test(name, async (t) => {
      const set = await stage(t)
      if (!set) return
      try {
        await body(set)
      } finally {
        await set.close()
      }
    })
  }

  describe(title, () => {
    on(
      'announces metrics with a name and a finite target, the same each time',
      async ({ good, host }) => {
        const one = await openTrigger(scaler, good.given, host)
        const two = await openTrigger(scaler, good.given, host)
        assert.ok(one.specs.length > 0)
        assert.deepEqual(one.specs, two.specs)
        for (const { name, target } of one.specs) assert.ok(name !== '' && Number.isFinite(target))
        assert.equal(new Set(one.specs.map(({ name }) => name)).size, one.specs.length)
        await Promise.all([one.service.close(), two.service.close()])
      },
    )

    on('asks with plain data, equal for equal triggers', async ({ good, other, host }) => {
      const [one, two, third] = await Promise.all(
        [good, good, other].map(({ given }) => openTrigger(scaler, given, host)),
      )
      assert.ok(one && two && third)
      assert.deepEqual(structuredClone(one.queries), one.queries)
      assert.deepEqual(one.queries, two.queries)
      assert.notDeepEqual(one.queries, third.queries)
      for (const { service } of [one, two, third]) await service.close()
    })

    on('reaches one source by the connection fields alone', async ({ good, other }) => {
      const of = (given: Given): object =>
        connectionOf(scaler.fields, read(scaler.type, scaler.fields, given, scaler.check))
      assert.deepEqual(of(good.given), of(other.given))
    })

    on('answers every query in its place, over and over', async ({ good, other, host }) => {
      const { service, queries, m } = await openTrigger(scaler, good.given, host)
      const { queries: others, service: spare } = await openTrigger(scaler, other.given, host)
      for (let round = 0; round < 3; round++) {
        const answers = await askAll(scaler, service, [...queries, ...others, ...queries])
        const values = answers.map((answer) => concluded(scaler, answer, m))
        assert.deepEqual(values, [good.value, other.value, good.value])
      }
      await Promise.all([service.close(), spare.close()])
    })

    on('lets one bad query fail alone', async ({ good, bad, host }) => {
      if (!bad) return
      const { service, queries, m } = await openTrigger(scaler, good.given, host)
      const wrong = await openTrigger(scaler, bad.given, host)
      const answers = await askAll(scaler, service, [...queries, ...wrong.queries, ...queries])
      const [first, middle, last] = answers
      assert.equal(concluded(scaler, first, m), good.value)
      assert.equal(codeOf(middle), bad.code)
      assert.equal(concluded(scaler, last, m), good.value)
      assertNoSecret(middle, secretsOf(scaler.fields, wrong.m))
      await Promise.all([service.close(), wrong.service.close()])
    })

    on('says SOURCE_DENIED to wrong credentials, and shows none', async ({ strangers }) => {
      if (strangers) await expectFailure(scaler, strangers, 'SOURCE_DENIED')
    })

    on('says SOURCE_UNREACHABLE where nobody listens', async ({ nobody }) => {
      if (nobody) await expectFailure(scaler, nobody, 'SOURCE_UNREACHABLE')
    })

    on('ends at once when its signal has aborted already', async ({ good, host }) => {
      const { service, queries } = await openTrigger(scaler, good.given, host)
      const reason = new Error('enough')
      await assert.rejects(scaler.ask(service, queries, AbortSignal.abort(reason)), reason)
      await service.close()
    })

    on('leaves no connection behind when closed', async ({ good, host, ...source }) => {
      const { service, queries } = await openTrigger(scaler, good.given, host)
      await askAll(scaler, service, queries)
      if (source.connections() !== undefined) assert.ok((source.connections() ?? 0) > 0)
      await service.close()
      for (let turn = 0; turn < 50 && source.connections(); turn++) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      assert.ok(!source.connections())
    })
  })
}

/** Opens, asks once, and wants exactly this failure, without any secret of the trigger in it. */
export async function expectFailure(scaler: AnyScaler, given: Given, code: Code): Promise<void> {
  const { service, queries, m } = await openTrigger(scaler, given)
  const [answer] = await askAll(scaler, service, queries)
  assert.equal(codeOf(answer), code)
  assertNoSecret(answer, secretsOf(scaler.fields, m))
  await service.close()
}

export const codeOf = (answer: Answer<unknown> | undefined): Code | undefined =>
  answer?.kind === 'error' ? answer.error.code : undefined

/** The number the HPA would see. */
export function concluded(
  scaler: AnyScaler,
  answer: Answer<unknown> | undefined,
  m: Readonly<Record<string, unknown>>,
  before?: unknown,
): number {
  assert.equal(answer?.kind, 'value', inspect(answer))
  const spec: Spec = { name: 'any', target: 1, form: 'integer' }
  const reading: Reading | Error = scaler.conclude(
    answer?.kind === 'value' ? answer.value : undefined,
    m,
    before,
    spec,
  )
  assert.ok(!isFailure(reading) && 'value' in reading)
  return reading.value
}
