import { duration } from '../../core/words.ts'

/** How long ago; `ms` may be slightly negative when two clocks differ. */
export const age = (ms: number): string =>
  ms < 1000 ? 'now' : `${duration(Math.floor(ms / 1000) * 1000)} ago`

/** A value as people write it: whole, or with three digits that matter; a dash where there is none. */
export function amount(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)))
}

const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** The time of day (epoch ms) where the reader is, `14:03:09`. */
export const time = (at: number): string => clockTime.format(at)
