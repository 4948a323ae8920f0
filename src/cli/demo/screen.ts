import { type Line, paint } from './text.ts'

/** The part of a terminal that is drawn over and over. */
export interface Screen {
  readonly width: number
  readonly height: number
  draw(lines: readonly Line[]): void
  /** Leaves the last picture standing and gives the cursor back. */
  close(): void
}

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
/** Terminals that know it show everything between the two at once; others ignore it. */
const begin = '\x1b[?2026h'
const end = '\x1b[?2026l'
const clearLine = '\x1b[K'
const clearBelow = '\x1b[J'
const clearAll = '\x1b[2J\x1b[H'

/** Of a terminal that does not say its size, as those that scripts and containers make. */
const usual = { columns: 80, rows: 24 }

/** Draws in place, below what is already there: only lines that changed are written. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  let drawn: readonly string[] = []
  const columns = (): number => stream.columns || usual.columns
  let width = columns()

  const draw = (lines: readonly Line[]): void => {
    const next = lines.map((line) => paint(line, stream))
    // after a change of width the old lines may have been broken anywhere
    const resized = columns() !== width
    width = columns()
    const up = drawn.length > 0 ? `\x1b[${drawn.length}A` : ''
    const start = resized ? clearAll : `\r${up}`
    const body = next.map((line, index) =>
      !resized && line === drawn[index] ? '\n' : `${line}${clearLine}\n`,
    )
    stream.write(begin + hideCursor + start + body.join('') + clearBelow + end)
    drawn = next
  }

  return {
    get width() {
      return columns()
    },
    get height() {
      return (stream.rows || usual.rows) - 1
    },
    draw,
    close() {
      stream.write(showCursor)
    },
  }
}
