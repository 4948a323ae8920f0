import { run } from '../../support/go-program.ts'
import { compileFormula, evaluate } from '../../../src/core/formula/formula.ts'

/** A formula with the values it is evaluated with; null is a trigger without one. */
export interface Question {
  readonly formula: string
  readonly values: Readonly<Record<string, number | null>>
}

/** What became of it: `refused` when compiled or tried with -1, `failed` when evaluated. */
export interface Answer {
  readonly kind: 'refused' | 'failed' | 'nil' | 'value' | 'type'
  readonly value?: number
  /** Why there is no value; of an infinite one, which. */
  readonly text?: string
}

export function ours({ formula, values }: Question): Answer {
  const compiled = compileFormula(formula, Object.keys(values))
  if ('problem' in compiled) return { kind: 'refused', text: compiled.problem }
  const entries = Object.entries(values).map(([name, v]) => [name, v ?? undefined] as const)
  const outcome = evaluate(compiled, new Map(entries))
  return outcome.kind === 'failed' ? { kind: 'failed', text: outcome.why } : outcome
}

/** What the real evaluator answers, in one go. */
export async function theirs(
  program: string,
  questions: readonly Question[],
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const answers: unknown = JSON.parse(
    await run(program, [], { input: JSON.stringify(questions), signal }),
  )
  return answers as readonly Answer[] // what main.go writes
}

/** How the two answers differ beyond the departures; undefined where they do not. */
export function difference(q: Question, a: Answer, real: Answer): string | undefined {
  const same = a.kind === real.kind && (a.kind !== 'value' || close(a.value, real.value, q.formula))
  return same || departs(a, real) ? undefined : `${shown(a)}, but the real one: ${shown(real)}`
}

const shown = ({ kind, value, text }: Answer): string => `${kind} ${value ?? text ?? ''}`

/** Powers differ in the last digits between Go and JavaScript. */
function close(a: number | undefined, b: number | undefined, formula: string): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || !/\*\*|\^/.test(formula)) return false
  return Math.abs(a - b) <= Math.abs(b) * 1e-12
}

/** What Ebb does otherwise, by what it says of it. */
const departures = [
  // numbers that Go wraps around
  /64 bits cannot hold|^formula int\(/,
  // bounds narrower than those of the real one
  /more than \d+ (?:elements|steps)/,
  // what the real one takes without knowing what it is: functions not called, fields of anything, something to sort
  /is a function and must be called|nothing here has a field|sort takes an array/,
]

/** What is a defect of the real one: == of ints that are floats, `in` by map, % 0 in a branch that is never taken. */
const defects = /interface conversion.*not int|MapIndex|integer divide by zero/

function departs(a: Answer, real: Answer): boolean {
  // no infinite number is ever a result, and neither is a bool
  if (a.kind === 'failed' && real.kind === 'value' && real.text !== undefined) return true
  if (a.kind === 'failed' && real.kind === 'type') return true
  return departures.some((said) => said.test(a.text ?? '')) || defects.test(real.text ?? '')
}
