/** A field of an expression: its name, its bounds and the words that stand for numbers. */
interface Part {
  readonly name: string
  readonly low: number
  readonly high: number
  readonly words: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const parts: readonly Part[] = [
  { name: 'minute', low: 0, high: 59, words: [] },
  { name: 'hour', low: 0, high: 23, words: [] },
  { name: 'day of month', low: 1, high: 31, words: [] },
  { name: 'month', low: 1, high: 12, words: ['', ...months] },
  { name: 'day of week', low: 0, high: 6, words: days },
]

/** An expression made plain: five fields, each `*` or numbers with commas. */
export interface Expression {
  readonly pattern: string
  /** The time zone that a `TZ=` or `CRON_TZ=` in front of it names. */
  readonly timezone: string | undefined
}

/**
 * Reads an expression by the grammar KEDA's parser knows (robfig/cron v3: minute, hour, day of month, month, day of week):
 * exactly five fields, no descriptors, no seconds, Sunday is 0 and not 7. Fails with a TypeError that says what is wrong.
 */
export function parseExpression(text: string): Expression {
  const [, timezone, rest = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim()) ?? []
  const fields = rest.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== parts.length)
    throw new TypeError(`needs exactly 5 fields, and has ${fields.length}`)
  return { timezone, pattern: parts.map((part, i) => plainField(fields[i] ?? '', part)).join(' ') }
}

/** Of a list with a `*` among its items, all: KEDA takes it for one when it weighs the two days against each other. */
function plainField(text: string, part: Part): string {
  const items = text
    .split(',')
    .filter((item) => item !== '')
    .map((item) => plainItem(item, part))
  if (items.length === 0) throw wrong(text, part)
  if (items.includes('*')) return '*'
  const numbers = new Set(items.flatMap((item) => (item === '*' ? [] : item)))
  return [...numbers].sort((a, b) => a - b).join(',')
}

/** One item: `*` or `?`, `n`, or `a-b`, each with a `/step`; `n/step` is `n-last/step`. A step above 1 makes `*` an ordinary list. */
function plainItem(item: string, part: Part): '*' | readonly number[] {
  const [range = '', stepText, ...more] = item.split('/')
  const step = stepText === undefined ? 1 : whole(stepText, item, part)
  if (more.length > 0 || step === 0) throw wrong(item, part)
  // like KEDA's, whatever range follows the star
  const star = /^[*?](?:-.*)?$/.test(range)
  if (star && step === 1) return '*'
  const { low, high } = star ? part : bounds(range, stepText !== undefined, item, part)
  const list: number[] = []
  for (let n = low; n <= high; n += step) list.push(n)
  return list
}

/** The ends of `a-b` or `n`; a lone `n` that is `stepped` goes on to the last. */
function bounds(
  range: string,
  stepped: boolean,
  item: string,
  part: Part,
): Pick<Part, 'low' | 'high'> {
  const [from = '', to, ...more] = range.split('-')
  const low = number(from, item, part)
  const last = stepped ? part.high : low
  const high = to === undefined ? last : number(to, item, part)
  if (more.length > 0 || low < part.low || high > part.high || low > high) throw wrong(item, part)
  return { low, high }
}

function number(text: string, item: string, part: Part): number {
  const word = text === '' ? -1 : part.words.indexOf(text.toLowerCase())
  return word === -1 ? whole(text, item, part) : word
}

function whole(text: string, item: string, part: Part): number {
  if (!/^\+?\d{1,9}$/.test(text)) throw wrong(item, part)
  return Number(text)
}

const wrong = (item: string, { name, low, high }: Part): TypeError =>
  new TypeError(`"${item.slice(0, 40)}" is no ${name} (${low} to ${high})`)
