import { reasonOf } from '../../src/errors.ts'
import { parseExpression } from './grammar.ts'
import { isZone } from './window.ts'

/** What is wrong with a schedule. KEDA finds a time zone that is none only when it polls; the trigger works in neither. */
export function problems(m: {
  readonly timezone?: string
  readonly start?: string
  readonly end?: string
  readonly desiredReplicas?: number
}): readonly string[] {
  const found: string[] = []
  if (m.timezone !== undefined && !isZone(m.timezone))
    found.push(`timezone ${m.timezone.slice(0, 60)} is not known`)
  for (const name of ['start', 'end'] as const) {
    const text = m[name]
    if (text !== undefined) found.push(...expressionProblems(name, text))
  }
  if (m.start !== undefined && m.start === m.end) found.push('start and end must differ')
  if (m.desiredReplicas === 0) found.push('desiredReplicas must not be 0')
  return found
}

function expressionProblems(name: string, text: string): readonly string[] {
  try {
    const { timezone } = parseExpression(text)
    const known = timezone === undefined || isZone(timezone)
    return known ? [] : [`${name}: ${timezone.slice(0, 60)} is no time zone`]
  } catch (error) {
    return [`${name} ${reasonOf(error)}`]
  }
}
