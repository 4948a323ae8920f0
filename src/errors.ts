import { catalogue } from './catalogue.ts'

export type Code = keyof typeof catalogue
export type Detail<C extends Code> = Parameters<(typeof catalogue)[C]['say']>[0]

/** A failure from the catalogue. `code` is stable; `message` is for people. */
export class EbbError extends Error {
  override readonly name = 'EbbError'
  readonly code: Code
  /** Whether the same request may succeed later without anyone changing anything. */
  readonly retry: boolean

  constructor(code: Code, message: string, retry: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retry = retry
  }
}

/** Makes a failure: the code picks the row, and the detail must be the one the row asks for. */
export function failure<C extends Code>(code: C, detail: Detail<C>, cause?: unknown): EbbError {
  const row: { readonly retry: boolean; say(detail: Detail<C>): string } = catalogue[code]
  return new EbbError(code, bounded(row.say(detail)), row.retry, cause)
}

/** A failure that another process of Ebb met, as it said it. A code that this version does not have becomes REPLICA_UNREACHABLE. */
export function retold(said: { code: string; message: string; retry: boolean }): EbbError {
  // hasOwn has just found it among the codes
  const code = Object.hasOwn(catalogue, said.code) ? (said.code as Code) : 'REPLICA_UNREACHABLE'
  return new EbbError(code, bounded(said.message), said.retry)
}

/** What users write may be a megabyte long and move the cursor of whoever reads it; a message becomes a status, an event, a line. */
const longest = 4_000

function bounded(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text
  return cut.replace(/[^\P{C}\n\t]/gu, '\uFFFD')
}

export const isFailure = (error: unknown, ...codes: readonly Code[]): error is EbbError =>
  error instanceof EbbError && (codes.length === 0 || codes.includes(error.code))

/** What to print of anything thrown: the message alone, never a stack. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Every code for the generated page: whether it is retried, and its text with a placeholder for each detail. */
export const failures = (): readonly {
  readonly code: Code
  readonly retry: boolean
  readonly text: string
}[] =>
  (Object.keys(catalogue) as Code[]).map((code) => {
    // a placeholder may come back as the whole text, and is no string then
    const row: { readonly retry: boolean; say(detail: object): unknown } = catalogue[code]
    return { code, retry: row.retry, text: String(row.say(placeholders)) }
  })

/** Reads as the name of whatever detail is asked for: `<address>`, a list too. */
const placeholders = new Proxy(
  {},
  {
    get: (_, name) => ({
      toString: () => `<${String(name)}>`,
      join: () => `<${String(name)}>`,
    }),
  },
)
