import { meter } from './bounds.ts'
import { check } from './check.ts'
import { numeric, valueOf } from './evaluate.ts'
import { Fault } from './fault.ts'
import { parse } from './parse.ts'
import type { Node } from './syntax.ts'

/** A formula that compiled. Plain data but opaque: made by `compileFormula`, read by `evaluate`. */
export interface Formula {
  /** As the user wrote it. */
  readonly text: string
  readonly root: Node
}

/** What keeps a formula from being compiled, in words for its author. */
export interface FormulaProblem {
  readonly problem: string
}

/**
 * Compiles `scalingModifiers.formula` in the language of expr-lang 1.17 the way KEDA uses it (keda-behaviour.md 2.6): the
 * text is wrapped so that its result is a float, names are the triggers that have one (cpu and memory left out), and it
 * must have a value where each of them is -1. What it has not: maps, dates, regular expressions, functions on text.
 * An evaluation is bounded, so that no formula can hold the process.
 */
export function compileFormula(
  text: string,
  variables: readonly string[],
): Formula | FormulaProblem {
  if (text.trim() === '') return { problem: 'formula is empty' }
  const { before, after } = wrapping(text)
  const names = new Set(variables)
  try {
    const root = parse(before + text + after, names)
    check(root, names)
    trial(root, variables)
    return { text, root }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { problem: `formula ${placed(error, before.length, text.length)}` }
  }
}

/** KEDA wraps by text, so that a formula means the same even where its brackets are odd. */
function wrapping(text: string): { readonly before: string; readonly after: string } {
  const name = '_kedaCompositeResult'
  const start = `let ${name} = `
  if (text.startsWith(text.includes('??') ? start : 'float(')) return { before: '', after: '' }
  if (!text.includes('??')) return { before: 'float(', after: ')' }
  return { before: `${start}(`, after: `); ${name} == nil ? nil : float(${name})` }
}

/** Numbers too large do not count here: each variable is -1 only for once. */
function trial(root: Node, variables: readonly string[]): void {
  try {
    valueOf(root, new Map(variables.map((name) => [name, -1])), meter())
  } catch (error) {
    if (!(error instanceof Fault) || error.kind === 'overflow') return
    throw new Fault(error.kind, `cannot be evaluated with every trigger at -1: ${error.message}`)
  }
}

/** The fault with the character of the user's text that it is at, the first being 1. */
function placed({ kind, message, at }: Fault, before: number, length: number): string {
  if (at === undefined) return message
  const place = at - before
  if (place >= 0 && place < length) return `at character ${place + 1}: ${message}`
  // what was put around the text is at odds with it
  return kind === 'type' ? `does not give a number: ${message}` : 'ends too early'
}

/** nil where the formula says so, which only `??`, a ternary and the like can make of missing values. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'nil' }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Evaluates a formula over the triggers' values; undefined, or no entry, is nil. Results that are no finite number are
 * failures (KEDA hands the HPA an undefined quantity or an empty list instead). Total, and bounded in time and memory.
 */
export function evaluate(
  formula: Formula,
  values: ReadonlyMap<string, number | undefined>,
): Outcome {
  try {
    const value = numeric(valueOf(formula.root, values, meter()))
    if (value === undefined) return { kind: 'nil' }
    return Number.isFinite(value)
      ? { kind: 'value', value }
      : { kind: 'failed', why: `formula gives ${value}, not a finite number` }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { kind: 'failed', why: `formula ${error.message}` }
  }
}
