import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { openShow } from '../../../src/cli/demo/show.ts'
import { stepsOf } from '../../../src/cli/demo/steps.ts'
import { record, workload } from '../../support/insight.ts'

const now = 1_700_000_000_000

/** Output that is no terminal, and what was written to it. */
function pipe(): { stream: NodeJS.WriteStream; said: () => readonly string[] } {
  const stream = new PassThrough()
  const said = (): readonly string[] =>
    String(stream.read() ?? '')
      .split('\n')
      .slice(0, -1)
  return { stream: stream as unknown as NodeJS.WriteStream, said } // all that lines need of one
}

describe('the demo as lines', () => {
  const view = workload(now)
  const scene = {
    now,
    started: now,
    views: [view],
    steps: stepsOf(view),
    hints: [['page', 'there']] as const,
  }

  test('tells what is there once, then each step and each new decision once, in order of time', () => {
    const { stream, said } = pipe()
    const show = openShow(stream)
    show.scene(scene)
    const first = said()
    assert.equal(first[0], 'page: there')
    assert.deepEqual(
      first.slice(1).map((line) => line.split('  ')[2]),
      ['0 -> 1', 'stays 4', '1 -> 4'],
    )
    show.scene(scene)
    assert.deepEqual(said(), [])
    const records = [
      ...view.records,
      record(now + 1, { write: { kind: 'failed', error: 'conflict' } }),
    ]
    show.scene({ ...scene, views: [{ ...view, records }] })
    assert.match(said().join('\n'), /^\S+ {2}default\/orders {2}stays 4 .*; writing it: conflict$/)
  })

  test('holds no escape sequence', () => {
    const { stream, said } = pipe()
    const show = openShow(stream)
    show.starting('something')
    show.note('a note')
    show.scene(scene)
    show.close()
    assert.ok(!said().join('').includes('\u001b'))
  })
})
