/** One question and its answers. Cells are printed as they are; the caller rounds. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** As text with aligned columns: the first to the left, all others to the right. */
export function render({ title, columns, rows }: Table): string {
  const lines = [columns, ...rows].map((row) => row.map(String))
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  const print = (line: readonly string[]): string =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
  const [head = [], ...body] = lines
  const rule = '-'.repeat(print(head).length)
  return [title, rule, print(head), rule, ...body.map(print)].join('\n')
}
