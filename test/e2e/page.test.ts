import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { WorkloadView } from '../../src/control/insight.ts'
import { systemClock } from '../../src/clock.ts'
import { dashboard } from '../../src/serve/dashboard/plugin.ts'
import { page as buildPage } from '../../tools/build.ts'
import { fakeInsight, record, situation, trigger, workload } from '../support/insight.ts'
import { need } from '../support/need.ts'

const executablePath = process.env['EBB_CHROMIUM'] ?? '/usr/bin/chromium'
const hasChromium = existsSync(executablePath)

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const now = systemClock.now()
const orders = workload(now)
const twelve = Array.from({ length: 12 }, (_, index) => workload(now, { name: `w-${index}` }))
const unreachable = 'cannot reach https://queue.example: connection refused'
const failing = workload(now, {
  situation: situation(now, { triggers: [trigger(now, { state: 'failing', error: unreachable })] }),
  ready: { status: 'False', reason: 'TriggerError', message: 'a trigger fails' },
  records: [record(now, { write: { kind: 'failed', error: 'the write was refused' } })],
})
const insight = fakeInsight([])

describe('the page in a browser', () => {
  let folder = ''
  let app: FastifyInstance | undefined
  let browser: Browser | undefined
  let address = ''

  before(async () => {
    if (!hasChromium) return
    folder = await mkdtemp(join(tmpdir(), 'ebb-page-'))
    for (const file of (await buildPage(folder)).outputFiles) {
      await mkdir(dirname(file.path), { recursive: true })
      await writeFile(file.path, file.contents)
    }
    app = Fastify({ forceCloseConnections: true })
    await app.register(dashboard, { insight, clock: systemClock, folder })
    address = await app.listen({ host: '127.0.0.1', port: 0 })
    browser = await chromium.launch({ executablePath, args })
  })
  after(async () => {
    await browser?.close()
    await app?.close()
    if (folder !== '') await rm(folder, { recursive: true })
  })

  /** Opens the page where there are these workloads, runs `check`, and fails on anything the browser complained about or asked elsewhere for. */
  async function open(
    t: TestContext,
    views: readonly WorkloadView[],
    path: string,
    check: (page: Page) => Promise<void>,
    width = 1200,
  ): Promise<void> {
    if (!need(t, hasChromium, `no Chromium at ${executablePath}`) || !browser) return
    insight.show(views)
    const page = await browser.newPage({ viewport: { width, height: 800 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(address)) complaints.push(`asked for ${request.url()}`)
    })
    try {
      await page.goto(`${address}/${path}`)
      await check(page)
      assert.deepEqual(complaints, [])
    } finally {
      await page.close()
    }
  }

  test('shows the only workload in full: replicas, values, reasons, chart', (t) =>
    open(t, [orders], '', async (page) => {
      const detail = page.locator('.detail')
      await detail.locator('h1').waitFor()
      const text = await detail.innerText()
      for (const part of [
        'default/orders',
        'the HPA decides from here',
        '0 → 1',
        '×5 for 8 s',
        'keda-hpa-orders',
      ]) {
        assert.ok(text.includes(part), `${part} in ${text}`)
      }
      assert.match(text, /42\s*\/ 5/)
      assert.match(text, /4\s*of 10/)
      assert.ok(await isDrawn(page), 'the chart has a line')
    }))

  test('follows what happens without being reloaded', (t) =>
    open(t, [orders], '', async (page) => {
      await page.getByText('4 of 10').first().waitFor()
      insight.show([workload(now, { replicas: 7, situation: situation(now, { replicas: 7 }) })])
      await page.getByText('7 of 10').first().waitFor()
    }))

  test('shows a failing trigger with what it says, and what is not ready', (t) =>
    open(t, [failing], '', async (page) => {
      await page.getByText(unreachable).first().waitFor()
      await page.getByText('Ready False (TriggerError)').waitFor()
      await page.getByText('the write was refused').waitFor()
    }))

  test('lists several, opens one and finds by name', (t) =>
    open(t, twelve, '', async (page) => {
      await page.locator('.item').nth(11).waitFor()
      assert.equal(await page.locator('.detail').count(), 0)
      await page.getByRole('searchbox').fill('w-7')
      await page.locator('.item', { hasText: 'w-7' }).waitFor()
      await page.locator('.item').nth(1).waitFor({ state: 'detached' })
      await page.locator('.item').click()
      await page.locator('.detail h1', { hasText: 'default/w-7' }).waitFor()
      assert.match(page.url(), /#\/default\/w-7$/)
    }))

  test('says what to do where there is nothing to show', (t) =>
    open(t, [], '', async (page) => {
      await page.getByText('No workloads yet').waitFor()
    }))

  test('says so when a workload that was linked to does not exist', (t) =>
    open(t, [orders], '#/default/gone', async (page) => {
      await page.getByText('There is no workload default/gone').waitFor()
    }))

  test('fits a phone', (t) =>
    open(
      t,
      [orders],
      '',
      async (page) => {
        await page.locator('.detail h1').waitFor()
        const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
        assert.equal(wide, false)
      },
      360,
    ))

  test('says that it lost the server, and recovers', async (t) => {
    if (!need(t, hasChromium, `no Chromium at ${executablePath}`) || !browser) return
    insight.show([orders])
    const page = await browser.newPage()
    await page.goto(address)
    await page.getByText('live').waitFor()
    await page.route('**/api/**', (route) => route.abort())
    await page.getByText('no answer; what you see is old').waitFor()
    await page.getByText('4 of 10').first().waitFor()
    await page.unroute('**/api/**')
    await page.getByText('live').waitFor()
    await page.close()
  })
})

/** The little of the browser's own types that is used; the tests are checked without them. */
interface Canvas {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): { getImageData(...box: number[]): { readonly data: Uint8ClampedArray } }
}

/** Whether anything was painted in the chart. */
const isDrawn = (page: Page): Promise<boolean> =>
  page.locator('.chart canvas').evaluate((element) => {
    const canvas = element as unknown as Canvas // by the selector
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.some((value, index) => index % 4 === 3 && value === 255)
  })
