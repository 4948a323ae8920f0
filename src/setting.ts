import { isIPv6 } from 'node:net'
import * as z from 'zod'
import { openSslCiphers } from './ciphers.ts'
import { parseEndpoints } from './endpoints.ts'

const hour = 3_600_000

/** A port; 0 is one of the machine's choice. */
export const port = (fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .refine((n) => n <= 65_535, 'must be a port number')
    .optional()
    .transform((n) => n ?? fallback)

/** Any text, one of its own where none is given. */
export const text = (fallback: string): z.ZodType<string, string | undefined> =>
  z.string().default(fallback)
/** Any text; an empty one is none. */
export const optionalText = z
  .string()
  .optional()
  .transform((s) => (s === '' ? undefined : s))

/** A switch is on when given without a value; in a variable it is Go's ParseBool, as KEDA reads it. */
export const flag = z
  .enum(['', '1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'], {
    error: 'must be true or false',
  })
  .optional()
  .transform((s) => s !== undefined && !/^(0|f)/i.test(s))

/** `30s`, `1m30s`, `500ms`; a bare number is milliseconds. */
export const duration = (fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .optional()
    .transform((s, ctx) => {
      if (s === undefined || s === '') return fallback
      const ms = parseDuration(s)
      if (ms === undefined) ctx.addIssue({ code: 'custom', message: 'must be a duration like 15s' })
      return ms ?? fallback
    })

/** A duration with no default of its own. */
export const optionalDuration = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s === '') return undefined
    const ms = parseDuration(s)
    if (ms === undefined) ctx.addIssue({ code: 'custom', message: 'must be a duration like 15s' })
    return ms
  })

/** `HOST` or `HOST:PORT`; an IPv6 address may lack its brackets where no port follows. */
export const address = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s === '') return undefined
    const host = isIPv6(s) ? `[${s}]` : s
    if (/^[^\s/?#@:]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host)) return host
    ctx.addIssue({ code: 'custom', message: 'must be HOST or HOST:PORT' })
    return undefined
  })

/** Names with commas between; `""` is none, as in KEDA's manifests. */
export const list = z
  .string()
  .optional()
  .transform((s) =>
    s === undefined || s === '""'
      ? []
      : s
          .split(',')
          .map((n) => n.trim())
          .filter(Boolean),
  )

const tlsVersions = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const
/** A version of TLS by KEDA's names, as Node calls it. */
export const tlsVersion = z
  .enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'], {
    error: 'must be one of TLS10, TLS11, TLS12, TLS13',
  })
  .optional()
  .transform((s) => s && tlsVersions[s])

/** A name that is none is refused: what is left of the list might be none, and so everything. */
export const ciphers = z
  .string()
  .optional()
  .transform((s, ctx) => {
    const found = openSslCiphers(s ?? '')
    if ('list' in found) return found.list
    ctx.addIssue({
      code: 'custom',
      message: `must be Go's names of secure cipher suites, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; unknown: ${quoted(found.unknown)}`,
    })
    return undefined
  })

/** As much of a list as a line can hold. */
const quoted = (names: readonly string[]): string =>
  names
    .slice(0, 5)
    .map((name) => JSON.stringify(name.slice(0, 60)))
    .join(', ')

/** Where Ebb may go; none is everywhere. */
export const endpoints = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s.trim() === '') return undefined
    const parsed = parseEndpoints(s)
    if ('allow' in parsed) return parsed
    ctx.addIssue({ code: 'custom', message: parsed.problem })
    return undefined
  })

/** KEDA's bounds for tokens of service accounts: an hour to six. */
export const tokenLife = duration(hour).refine(
  (ms) => ms >= hour && ms <= 6 * hour,
  'must be from 1h to 6h',
)

/** Milliseconds of a Go duration or a bare number of milliseconds; undefined where it is neither. */
function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0),
    0,
  )
}
