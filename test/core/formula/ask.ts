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
  const excused = departs(a, real) || accidents.some((one) => one(q, a, real))
  return same || excused ? undefined : `${shown(a)}, but the real one: ${shown(real)}`
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
] as const

/** What is a defect of the real one: == of ints that are floats, `in` by map, % 0 in a branch that is never taken. */
const defects = /interface conversion.*not int|MapIndex|integer divide by zero/

/** What it optimizes, wraps around or takes for nil on the way, tells by the question as well. */
const accidents: readonly ((q: Question, a: Answer, real: Answer) => boolean)[] = [
  // compares with the ends of a range in place of looking into it, which fails for nil
  ({ formula }, _, real) => formula.includes('..') && /<nil> >= int/.test(real.text ?? ''),
  // counts what passes a filter without making the elements of the map around it
  ({ formula }, a) => /len\(map\(filter\(/.test(formula) && a.kind === 'failed',
  // concat of nothing is nil to ??
  ({ formula }, a) => /concat.*\?\?/.test(formula) && /array\)? is not/.test(a.text ?? ''),
  // the last digit of a power decides what an int of it is
  ({ formula }, a, real) => /int\(.*(?:\*\*|\^)/.test(formula) && a.kind === real.kind,
  // goes on with what is left of a number where Ebb's trial ends
  (q, _, real) => real.kind === 'refused' && departures[0].test(trial(q).text ?? ''),
]

const trial = ({ formula, values }: Question): Answer =>
  ours({ formula, values: Object.fromEntries(Object.keys(values).map((name) => [name, -1])) })

function departs(a: Answer, real: Answer): boolean {
  // no infinite number is ever a result, and neither is a bool
  if (a.kind === 'failed' && real.kind === 'value' && real.text !== undefined) return true
  if (a.kind === 'failed' && real.kind === 'type') return true
  return departures.some((said) => said.test(a.text ?? '')) || defects.test(real.text ?? '')
}
