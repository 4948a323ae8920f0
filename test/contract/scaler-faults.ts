import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Code } from '../../src/errors.ts'
import { secretsOf } from '../../src/metadata/schema.ts'
import type { AnyScaler } from '../../src/scaler.ts'
import { type Fault, type HttpSource, startHttpSource } from '../support/http-source.ts'
import {
  askAll,
  assertNoSecret,
  codeOf,
  concluded,
  type Expected,
  openTrigger,
  type Opened,
} from './scaler.ts'

/** How a source that speaks HTTP is played. */
export interface Play {
  answer: Parameters<typeof startHttpSource>[0]
  /** A trigger that reaches the source with credentials, and the value it finds while all is well. */
  trigger(source: HttpSource): Expected
}

const status = (of: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status: of,
  headers,
})
const long = 'x'.repeat(2 * 1024 * 1024)

/** Whatever a source does: the failure it must be. No row may end in a value, and none in `empty`. */
const faults: readonly (readonly [name: string, fault: Fault, codes: readonly Code[]])[] = [
  ['refuses with 401', status(401), ['SOURCE_DENIED']],
  ['refuses with 403', status(403), ['SOURCE_DENIED']],
  ['does not know the thing', status(404), ['SOURCE_NOT_FOUND']],
  ['throttles', status(429), ['SOURCE_THROTTLED']],
  ['is busy for a while', status(503, { 'retry-after': '7' }), ['SOURCE_THROTTLED']],
  ['fails', status(500), ['SOURCE_REFUSED']],
  ['answers with a page', { kind: 'body', body: '<html>Log in</html>' }, ['SOURCE_GARBLED']],
  ['answers with nothing', { kind: 'body', body: '' }, ['SOURCE_GARBLED']],
  ['answers with half of it', { kind: 'body', body: '{"status":"succ' }, ['SOURCE_GARBLED']],
  ['answers without end', { kind: 'body', body: long }, ['SOURCE_GARBLED']],
  ['speaks something else', { kind: 'noise' }, ['SOURCE_GARBLED']],
  ['cuts the connection', { kind: 'cut' }, ['SOURCE_UNREACHABLE']],
]

/** What every scaler whose source speaks HTTP does when that source misbehaves. */
export function faultContract(title: string, scaler: AnyScaler, play: Play): void {
  const on = (
    name: string,
    body: (source: HttpSource, opened: Opened, value: number) => Promise<void>,
  ): void => {
    test(name, async () => {
      const source = await startHttpSource(play.answer)
      const { given, value } = play.trigger(source)
      const opened = await openTrigger(scaler, given)
      try {
        await body(source, opened, value)
      } finally {
        await opened.service.close()
        await source.close()
      }
    })
  }
  const works = async ({ service, queries, m }: Opened, value: number): Promise<void> => {
    const [answer] = await askAll(scaler, service, queries)
    assert.equal(concluded(scaler, answer, m), value)
  }

  describe(title, () => {
    for (const [name, fault, codes] of faults) {
      on(
        `a source that ${name} is ${codes.join(' or ')}, and heals`,
        async (source, opened, value) => {
          source.fault = fault
          const [answer] = await askAll(scaler, opened.service, opened.queries)
          assert.ok(
            codes.some((code) => code === codeOf(answer)),
            JSON.stringify(answer),
          )
          assertNoSecret(answer, [...secretsOf(scaler.fields, opened.m), ...credentialsIn(source)])
          source.fault = undefined
          await works(opened, value)
        },
      )
    }

    on(
      'passes on how long a throttling source wants to be left alone',
      async (source, { service, queries }) => {
        source.fault = status(429, { 'retry-after': '7' })
        const [answer] = await askAll(scaler, service, queries)
        assert.equal(answer?.kind === 'error' && answer.retryAfter, 7000)
      },
    )

    for (const kind of ['silent', 'stuck'] as const) {
      on(
        `gives up on a ${kind} source when its signal aborts, and heals`,
        async (source, opened, value) => {
          source.fault = { kind }
          const stop = new AbortController()
          const asked = scaler.ask(opened.service, opened.queries, stop.signal)
          while (source.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
          const reason = new Error('enough')
          stop.abort(reason)
          await assert.rejects(asked, reason)
          source.fault = undefined
          await works(opened, value)
        },
      )
    }

    on('does not mind that the server ended an idle connection', async (source, opened, value) => {
      await works(opened, value)
      source.endIdle()
      await works(opened, value)
    })

    on('asks again where a kept connection turns out dead', async (source, opened, value) => {
      await works(opened, value)
      source.fault = { kind: 'stale' }
      await works(opened, value)
    })

    on('reads no more than a bounded part of an answer', async (source, { service, queries }) => {
      source.fault = { kind: 'body', body: long }
      const [answer] = await askAll(scaler, service, queries)
      assert.match(answer?.kind === 'error' ? answer.error.message : '', /more than 1024 KiB/)
    })

    on('leaves no connection behind when closed', async (source, opened, value) => {
      await works(opened, value)
      assert.ok(source.connections() > 0)
      await opened.service.close()
      for (let turn = 0; turn < 50 && source.connections() > 0; turn++) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      assert.equal(source.connections(), 0)
    })

    on('uses its connections again', async (source, opened, value) => {
      for (let turn = 0; turn < 20; turn++) await works(opened, value)
      // Two: the next ask may come before the last answer is put away.
      assert.ok(source.connections() <= 2)
    })
  })
}

/** Everything that logged in, as the source saw it. */
const credentialsIn = ({ seen }: HttpSource): readonly string[] =>
  seen.flatMap(({ headers }) => {
    const text = headers.authorization
    return text === undefined ? [] : [text, text.slice(text.lastIndexOf(' ') + 1)]
  })
