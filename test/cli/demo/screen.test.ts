import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { openScreen } from '../../../src/cli/demo/screen.ts'
import { plain } from '../../../src/cli/demo/text.ts'

const esc = '\u001b'

/** A terminal of a given width, and what was written to it. */
function terminal(columns: number): { stream: NodeJS.WriteStream; said: () => string } {
  const stream = Object.assign(new PassThrough(), { columns, rows: 10, isTTY: true })
  // a terminal to all that the screen asks of one
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    said: () => String(stream.read() ?? ''),
  }
}

describe('a screen', () => {
  test('draws over what it drew, writing only the lines that changed', () => {
    const { stream, said } = terminal(40)
    const screen = openScreen(stream)
    screen.draw([[plain('one')], [plain('two')]])
    said()
    screen.draw([[plain('one')], [plain('three')]])
    const again = said()
    assert.ok(again.includes(`${esc}[2A`))
    assert.doesNotMatch(again, /one|two/)
    assert.ok(again.includes(`three${esc}[K`))
  })

  test('clears what is left of a longer picture', () => {
    const { stream, said } = terminal(40)
    const screen = openScreen(stream)
    screen.draw([[plain('one')], [plain('two')]])
    screen.draw([[plain('one')]])
    assert.ok(said().endsWith(`${esc}[J${esc}[?2026l`))
  })

  test('starts over when the width changes, since the terminal broke the lines anew', () => {
    const { stream, said } = terminal(40)
    const screen = openScreen(stream)
    screen.draw([[plain('one')]])
    said()
    stream.columns = 20
    screen.draw([[plain('one')]])
    assert.ok(said().includes(`${esc}[2J${esc}[Hone`))
  })

  test('takes a terminal that does not say its size for a usual one', () => {
    const { width, height } = openScreen(Object.assign(terminal(0).stream, { rows: 0 }))
    assert.deepEqual({ width, height }, { width: 80, height: 23 })
  })

  test('gives the cursor back', () => {
    const { stream, said } = terminal(40)
    const screen = openScreen(stream)
    screen.draw([[plain('one')]])
    assert.ok(said().includes(`${esc}[?25l`))
    screen.close()
    assert.ok(said().endsWith(`${esc}[?25h`))
  })
})
