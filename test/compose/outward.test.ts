import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { openOutward } from '../../src/compose/outward.ts'
import { configOf } from '../../src/config.ts'
import type { Outward } from '../../src/http.ts'
import { silentLog } from '../../src/log.ts'
import { issue } from '../serve/pki.ts'
import { manualClock } from '../support/clock.ts'

const second = 1_000

const open = (
  t: TestContext,
  flags: Readonly<Record<string, string>>,
  clock = manualClock(),
): Promise<Outward> => {
  const stop = new AbortController()
  t.after(() => stop.abort())
  return openOutward(configOf(flags, {}), clock, silentLog, stop.signal)
}

describe('--ca-dir', () => {
  test('certificates of all its files are trusted, and those of a minute later too', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'ebb-ca-'))
    t.after(() => rm(folder, { recursive: true }))
    const [first, second_] = await Promise.all(
      ['CN=a', 'CN=b'].map((cn) => issue(cn, { ca: true })),
    )
    assert.ok(first && second_)
    await writeFile(join(folder, 'two.pem'), `words\n${first.cert}\n${second_.cert}`)
    await writeFile(join(folder, 'README'), 'not a certificate')
    const clock = manualClock()
    const outward = await open(t, { caDir: folder }, clock)
    assert.equal(outward.trust.length, 2)
    const before = outward.context?.()
    assert.ok(before)
    assert.equal(outward.context?.(), before)
    const third = await issue('CN=c', { ca: true })
    await writeFile(join(folder, 'three.pem'), third.cert)
    await clock.advance(60 * second)
    // reading files is the machine's time
    for (let i = 0; i < 200 && outward.trust.length < 3; i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(outward.trust.length, 3)
    assert.notEqual(outward.context?.(), before)
  })

  test('that is not there trusts nobody more', async (t) => {
    assert.deepEqual((await open(t, { caDir: '/nowhere' })).trust, [])
  })
})

describe('--allowed-endpoints', () => {
  test('is everywhere unless it is given', async (t) => {
    const { permit } = await open(t, {})
    permit({ host: 'anything', port: 1 })
  })
  test('refuses all others, and says what it allows', async (t) => {
    const { permit } = await open(t, { allowedEndpoints: 'a:1,*.b' })
    permit({ host: 'a', port: 1 })
    assert.throws(() => permit({ host: 'a', port: 2 }), {
      code: 'ENDPOINT_FORBIDDEN',
      message: /^a:2 may not be reached: --allowed-endpoints allows a:1,\*\.b; nothing was sent/,
    })
  })
})
