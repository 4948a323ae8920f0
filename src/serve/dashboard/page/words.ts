/** How long ago, in the words people use; `ms` may be slightly negative when two clocks differ. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 1) return 'now'
  return `${span(seconds)} ago`
}

/** A length of time in its two largest units at most: `8 s`, `3 min 20 s`, `2 h 5 min`, `3 d`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  if (seconds < 86_400) {
    return pair(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min')
  }
  return `${Math.floor(seconds / 86_400)} d`
}

const pair = (major: number, unit: string, minor: number, small: string): string =>
  minor === 0 ? `${major} ${unit}` : `${major} ${unit} ${minor} ${small}`

/** A value as people write it: whole, or with three digits that matter. */
export function amount(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)))
}

/** The time of day on the reader's own clock. */
export const time = (at: number): string => new Date(at).toLocaleTimeString([], { hour12: false })
