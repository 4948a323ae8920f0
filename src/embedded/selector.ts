import { labelSelector, requirements } from '../core/selector.ts'
import { failure } from '../errors.ts'
import { isTree, treeAt, valueAt } from './json.ts'

type Labels = Readonly<Record<string, unknown>>
export type Matcher<T> = (subject: T) => boolean

/** Reads a label selector in the text form of the API; '' and undefined match everything. */
export function labelMatcher(text: string | undefined): Matcher<Labels> {
  const matcher = labelSelector(text ?? '')
  if ('unreadable' in matcher) throw invalid('label selector', matcher.unreadable)
  return matcher
}

/**
 * Reads a field selector (`metadata.name=a,status.phase!=Running`); '' and undefined match everything.
 * Departs from the API server, which knows only a few fields of each kind: here any path of members may be named.
 */
export function fieldMatcher(text: string | undefined): Matcher<unknown> {
  const tests = requirements(text ?? '').map((part) => {
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
