import { failure } from '../errors.ts'
import { isTree, treeAt, valueAt } from './json.ts'

type Labels = Readonly<Record<string, unknown>>
export type Matcher<T> = (subject: T) => boolean

const requirement =
  /^(?:(?<absent>!)\s*(?<none>[\w./-]+)|(?<key>[\w./-]+)(?:\s*(?<sign>==|!=|=)\s*(?<value>[\w.-]*)|\s+(?<word>in|notin)\s*\((?<set>[^()]*)\))?)$/

/** Reads a label selector in the text form of the API (`a=b,c!=d,e in (f,g),h,!i`); '' and undefined match everything. */
export function labelMatcher(text: string | undefined): Matcher<Labels> {
  const tests = split(text ?? '').map((part) => labelTest(part))
  return (labels) => tests.every((test) => test(labels))
}

function labelTest(part: string): Matcher<Labels> {
  const groups = requirement.exec(part)?.groups
  if (!groups) throw invalid('label selector', part)
  const { none, key = '', sign, value = '', word, set = '' } = groups
  if (none !== undefined) return (labels) => !Object.hasOwn(labels, none)
  if (sign === undefined && word === undefined) return (labels) => Object.hasOwn(labels, key)
  const values = word === undefined ? [value] : set.split(',').map((item) => item.trim())
  const among: Matcher<Labels> = (labels) =>
    Object.hasOwn(labels, key) && values.includes(String(labels[key]))
  return sign === '!=' || word === 'notin' ? (labels) => !among(labels) : among
}

/** Splits at the commas that are not inside parentheses. */
function split(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * Reads a field selector (`metadata.name=a,status.phase!=Running`); '' and undefined match everything.
 * Departs from the API server, which knows only a few fields of each kind: here any path of members may be named.
 */
export function fieldMatcher(text: string | undefined): Matcher<unknown> {
  const tests = split(text ?? '').map((part) => {
    const groups = /^(?<path>[\w.]+)(?<sign>==|!=|=)(?<value>.*)$/.exec(part)?.groups
    if (!groups) throw invalid('field selector', part)
    const { path = '', sign, value } = groups
    const steps = path.split('.')
    return (subject: unknown) => {
      const found = valueAt(subject, steps)
      const text = typeof found === 'string' || typeof found === 'number' ? String(found) : ''
      return (text === value) !== (sign === '!=')
    }
  })
  return (subject) => tests.every((test) => test(subject))
}

const invalid = (what: string, part: string): Error =>
  failure('CLUSTER_INVALID', { what: `the ${what}`, why: `cannot read "${part}"` })

/** The text form of a LabelSelector object, as /scale shows it; undefined where there is none. */
export function selectorText(selector: unknown): string | undefined {
  if (!isTree(selector)) return undefined
  const labels = Object.entries(treeAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${String(value)}`,
  )
  const { matchExpressions } = selector
  const expressions = Array.isArray(matchExpressions) ? matchExpressions.map(expressionText) : []
  return [...labels, ...expressions].sort().join(',')
}

function expressionText(expression: unknown): string {
  const { key, operator, values } = treeAt({ expression }, 'expression')
  if (operator === 'Exists') return String(key)
  if (operator === 'DoesNotExist') return `!${String(key)}`
  const set = Array.isArray(values) ? values.map(String).sort().join(',') : ''
  return `${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${set})`
}
