import { Cron } from 'croner'
import { parseExpression } from './grammar.ts'

/** When a window opens and closes, as its trigger says. */
export interface Schedule {
  /** IANA name. */
  readonly timezone: string
  readonly start: string
  readonly end: string
}

/** Whether a window is open, and until when (epoch ms) that holds; undefined where it holds for ever. */
export interface Window {
  readonly open: boolean
  readonly until: number | undefined
}

/** How far ahead a date is looked for: beyond it an expression counts as one that never comes. */
const horizon = 5 * 366 * 24 * 3_600_000

/**
 * Gives the window at a time (epoch ms). Open unless the next start comes before the next end (KEDA pkg/scalers/cron_scaler.go); a
 * start that never comes is before everything, and an end that never comes closes for good. Fails with a TypeError.
 */
export function windowOf({ timezone, start, end }: Schedule): (now: number) => Window {
  const nextStart = nextOf(start, timezone)
  const nextEnd = nextOf(end, timezone)
  return (now) => {
    const opens = nextStart(now)
    const closes = nextEnd(now)
    const next = Math.min(opens ?? Number.POSITIVE_INFINITY, closes ?? Number.POSITIVE_INFINITY)
    const open = closes !== undefined && (opens === undefined || closes <= opens)
    return { open, until: Number.isFinite(next) ? next : undefined }
  }
}

/** The next time (epoch ms) strictly after another that an expression names; undefined where there is none for years. */
export function nextOf(text: string, timezone: string): (after: number) => number | undefined {
  const expression = parseExpression(text)
  const zone = expression.timezone ?? timezone
  if (!isZone(zone)) throw new TypeError(`${zone.slice(0, 60)} is no time zone`)
  const cron = new Cron(expression.pattern, { timezone: zone, paused: true, mode: '5-part' })
  return (after) => {
    const next = firstAfter(cron, after)
    return next !== undefined && next - after <= horizon ? next : undefined
  }
}

/** A date that does not exist, as the 31st of February, makes the library throw when it looks for it. */
function firstAfter(cron: Cron, after: number): number | undefined {
  try {
    // oxlint-disable-next-line no-restricted-globals -- the form in which the library takes a time; it is not asked what time it is
    return cron.nextRun(new Date(after))?.getTime()
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
}

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
