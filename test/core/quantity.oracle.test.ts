import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { formatMetric, parseMilli, parseNano } from '../../src/core/quantity.ts'
import { goProgram, run } from '../support/go-program.ts'
import { hasProgram, need } from '../support/need.ts'

const folder = join(import.meta.dirname, '..', 'quantity-oracle')
const minutes = { timeout: 300_000 }

interface Answers {
  readonly texts: readonly {
    readonly ok: boolean
    readonly nano?: string
    readonly milli?: string
  }[]
  readonly numbers: readonly string[]
}

/** What Kubernetes itself makes of them, in one go; undefined where it cannot be built. */
async function kubernetes(
  t: TestContext,
  asked: { readonly texts?: readonly string[]; readonly numbers?: readonly number[] },
): Promise<Answers | undefined> {
  if (!need(t, hasProgram('go', 'version'), 'Go, to build what is compared with')) return undefined
  const program = await goProgram(folder, t.signal)
  const input = JSON.stringify({ texts: [], ...asked, numbers: asked.numbers?.map(String) ?? [] })
  const said: unknown = JSON.parse(await run(program, [], { input, signal: t.signal }))
  return said as Answers // what main.go writes
}

const digits = fc.oneof(
  fc.stringMatching(/^\d{0,4}$/),
  fc.stringMatching(/^\d{0,19}$/),
  fc.constantFrom('', '0', '000', '9223372036854775807', '9223372036854775808'),
)
const suffix = fc.constantFrom(
  ...'n u m k M G T P E Ki Mi Gi Ti Pi Ei K ki mi i e E3 e-3 e+2 e-12 E-9 e1.5 kk'.split(' '),
  ' ',
)
const text = fc
  .tuple(
    fc.constantFrom('', '', '', '+', '-', '--'),
    digits,
    fc.constantFrom('', '.'),
    digits,
    fc.oneof(fc.constant(''), suffix),
  )
  .map((parts) => parts.join(''))

const sample = <T>(of: fc.Arbitrary<T>): readonly T[] =>
  fc.sample(of, {
    numRuns: Number(process.env['EBB_QUANTITIES'] ?? 5_000),
    seed: Number(process.env['EBB_SEED'] ?? 1),
  })

/** Kubernetes takes whatever is beyond 64 bits for the most that they hold. */
const isCapped = (nano = 0n): boolean =>
  nano >= 2n ** 63n * 10n ** 9n || -nano >= 2n ** 63n * 10n ** 9n
/** Below 0, Kubernetes takes parts of a thousandth away twice; no metric has any. */
const isRoundedTwice = (nano = 0n): boolean => nano < 0n && nano % 1_000_000n !== 0n

test('quantities are read as Kubernetes reads them', minutes, async (t) => {
  const texts = sample(text)
  const said = await kubernetes(t, { texts })
  const apart = texts.flatMap((one, i) => {
    const real = said?.texts[i]
    const nano = parseNano(one)
    const ours = { nano: nano?.toString(), milli: parseMilli(one)?.toString() }
    const same =
      ours.nano === real?.nano &&
      (real?.milli === undefined || ours.milli === real.milli || isRoundedTwice(nano))
    // to Kubernetes a text without a digit is 0
    return same || isCapped(nano) || !/^[+-]?\.?\d/.test(one) ? [] : [{ text: one, ours, real }]
  })
  if (said) assert.deepEqual(apart.slice(0, 20), [])
})

test('values of metrics are written as KEDA writes them', minutes, async (t) => {
  const numbers = sample(
    fc.oneof(
      fc.double({ min: -10, max: 2 ** 63 / 1000 }),
      fc.double({ min: 0, max: 10 }),
      fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 16_000),
      fc.maxSafeInteger(),
    ),
  )
  const said = await kubernetes(t, { numbers })
  const apart = numbers.flatMap((one, i) => {
    const real = said?.numbers[i]
    return formatMetric(one) === real ? [] : [`${one}: ${formatMetric(one)}, but KEDA: ${real}`]
  })
  if (said) assert.deepEqual(apart.slice(0, 20), [])
})
