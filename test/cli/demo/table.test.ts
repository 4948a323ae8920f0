import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { frame, type Scene } from '../../../src/cli/demo/table.ts'
import { clip, type Line, pad, plain, widthOf, wrap } from '../../../src/cli/demo/text.ts'
import { situation, trigger, workload } from '../../support/insight.ts'

const now = 1_700_000_000_000
const scene = (difference: Partial<Scene> = {}): Scene => ({
  now,
  started: now - 63_000,
  views: [workload(now)],
  steps: [],
  hints: [['page', 'http://127.0.0.1:8080/']],
  ...difference,
})
const step = (index: number): Scene['steps'][number] => ({
  at: now,
  workload: 'default/orders',
  from: index,
  to: index + 1,
  why: `reason ${index} in a few more words than one line of a narrow terminal has room for`,
})
const text = (lines: readonly Line[]): string =>
  lines.map((line) => line.map((span) => span.text).join('')).join('\n')

describe('the picture of the demo', () => {
  test('shows replicas, values with their ages, and why', () => {
    const picture = text(frame(scene(), 120, 40))
    assert.match(picture, /Ebb demo {2}1 min 3 s/)
    assert.match(picture, /default\/orders +4 of 10 {2}■■■■······/)
    assert.match(picture, /azure-queue {2}42 \/ 5 {2}active {2}read 2 s ago/)
    assert.match(picture, /the HPA decides from here/)
  })

  test('shows what is wrong in place of a decision', () => {
    const ready = { status: 'False', reason: 'Bad', message: 'queueName is missing' }
    assert.match(
      text(frame(scene({ views: [workload(now, { ready })] }), 120, 40)),
      /queueName is missing/,
    )
  })

  test('shows what a failing trigger says', () => {
    const triggers = [trigger(now, { state: 'failing', error: 'cannot reach it' })]
    const views = [workload(now, { situation: situation(now, { triggers }) })]
    assert.match(text(frame(scene({ views }), 120, 40)), /failing .* cannot reach it/)
  })

  test('tells workloads apart only where there are several', () => {
    const one = scene({ steps: [step(1)] })
    const two = scene({ steps: [step(1)], views: [workload(now), workload(now, { name: 'b' })] })
    assert.doesNotMatch(text(frame(one, 200, 40)), /default\/orders: reason/)
    assert.match(text(frame(two, 200, 40)), /default\/orders: reason/)
  })

  test('keeps the newest steps where there is no room for all', () => {
    const steps = Array.from({ length: 50 }, (_, index) => step(index))
    const picture = text(frame(scene({ steps }), 200, 20))
    assert.match(picture, /reason 49 /)
    assert.doesNotMatch(picture, /reason 0 /)
  })

  test('never needs more columns or lines than the terminal has', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(20),
        (width, height, count) => {
          const steps = Array.from({ length: count }, (_, index) => step(index))
          const lines = frame(scene({ steps }), width, height)
          assert.ok(lines.length <= height)
          for (const line of lines) assert.ok(widthOf(line) <= width, text([line]))
        },
      ),
    )
  })
})

describe('text', () => {
  test('a clipped line says that something is missing', () => {
    assert.equal(text([clip([plain('abc'), plain('def')], 5)]), 'abcd…')
    assert.equal(text([clip([plain('abc')], 3)]), 'abc')
  })

  test('padding fills or cuts to the width', () => {
    assert.equal(pad('ab', 4), 'ab  ')
    assert.equal(pad('abcdef', 4), 'abc…')
  })

  test('wrapping loses no word and breaks only at spaces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
        fc.integer({ min: 1, max: 40 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width)
          assert.equal(lines.join(' '), words.join(' '))
          assert.ok(lines.every((line) => line.length <= width || !line.includes(' ')))
        },
      ),
    )
  })
})
