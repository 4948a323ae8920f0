import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'red' | 'yellow' | 'gray'

/** A piece of a line in one style. Lines are built of these, so that their width is known without the style. */
export interface Span {
  readonly text: string
  readonly style?: Style
}
export type Line = readonly Span[]

export const plain = (text: string): Span => ({ text })
export const bold = (text: string): Span => ({ text, style: 'bold' })
export const dim = (text: string): Span => ({ text, style: 'dim' })
export const styled = (style: Style, text: string): Span => ({ text, style })

/** Columns the line takes; everything Ebb writes is of characters that take one. */
export const widthOf = (line: Line): number => line.reduce((sum, span) => sum + span.text.length, 0)

/** The line cut to `width` columns, with an ellipsis where something is missing. */
export function clip(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line
  const kept: Span[] = []
  let room = Math.max(0, width - 1)
  for (const span of line) {
    if (room === 0) break
    const text = span.text.slice(0, room)
    room -= text.length
    kept.push({ ...span, text })
  }
  return [...kept, plain('…')]
}

/** Breaks text at spaces into lines of at most `width`; a longer word stands alone and is clipped later. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && longer.length > width) {
      lines.push(current)
      current = word
    } else current = longer
  }
  return [...lines, current]
}

/** `text` filled with blanks to `width`; longer text is cut. */
export const pad = (text: string, width: number): string =>
  text.length <= width ? text.padEnd(width) : `${text.slice(0, Math.max(0, width - 1))}…`

/** The line as written to `stream`: styled where the stream is a terminal that wants it (NO_COLOR and FORCE_COLOR count). */
export const paint = (line: Line, stream: NodeJS.WriteStream): string =>
  line
    .map((span) =>
      span.style === undefined ? span.text : styleText(span.style, span.text, { stream }),
    )
    .join('')
