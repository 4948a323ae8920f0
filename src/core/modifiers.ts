import { compileFormula, type Formula } from './formula/formula.ts'
import { isResourceTrigger } from './names.ts'
import { formatMilli } from './quantity.ts'

/** `advanced.scalingModifiers` as it is written. */
export interface ModifiersSpec {
  readonly formula?: string | undefined
  readonly target?: string | undefined
  readonly activationTarget?: string | undefined
  readonly metricType?: string | undefined
}

/** Modifiers that can be followed. */
export interface Modifiers {
  readonly formula: Formula
  /** Above 0. */
  readonly target: number
  /** The workload is active while the result is strictly above it. */
  readonly activationTarget: number
  readonly metricType: 'AverageValue' | 'Value'
}

/** Whether they put one metric in place of all external ones: any field that is not empty says so (1.11). */
export const usesModifiers = (spec: ModifiersSpec | undefined): spec is ModifiersSpec =>
  [spec?.formula, spec?.target, spec?.activationTarget, spec?.metricType].some(
    (field) => field !== undefined && field !== '',
  )

/**
 * Modifiers as they are followed; undefined where none are used, else all that is wrong with them. KEDA's rules (2.6,
 * ops 9.3), except that an activationTarget that is no number is found here and not on each poll.
 */
export function modifiersOf(
  spec: ModifiersSpec | undefined,
  triggers: readonly { readonly type: string; readonly name?: string | undefined }[],
): Modifiers | { readonly problems: readonly string[] } | undefined {
  if (!usesModifiers(spec)) return undefined
  const formula = compileFormula(spec.formula ?? '', variablesOf(triggers))
  const target = targetOf(spec.target)
  const activationTarget = activationOf(spec.activationTarget)
  const metricType = typeOf(spec.metricType)
  if (isWrong(formula) || isWrong(target) || isWrong(activationTarget) || isWrong(metricType)) {
    const parts = [formula, target, activationTarget, metricType]
    return { problems: parts.filter(isWrong).map((p) => `scalingModifiers: ${p.problem}`) }
  }
  return { formula, target, activationTarget, metricType }
}

interface Wrong {
  readonly problem: string
}
const isWrong = (part: unknown): part is Wrong =>
  typeof part === 'object' && part !== null && 'problem' in part

function targetOf(text: string | undefined): number | Wrong {
  const target = decimal(text) ?? 0
  return target < 0.001 ? { problem: 'target must be a number of at least 0.001' } : target
}

const activationOf = (text: string | undefined): number | Wrong =>
  text ? (decimal(text) ?? { problem: 'activationTarget must be a number' }) : 0

function typeOf(text: string | undefined): Modifiers['metricType'] | Wrong {
  if (!text) return 'AverageValue'
  if (text === 'AverageValue' || text === 'Value') return text
  return { problem: `metricType must be AverageValue or Value, not ${text}` }
}

/** The names a formula may use: those of triggers that are neither cpu nor memory. */
export const variablesOf = (
  triggers: readonly { readonly type: string; readonly name?: string | undefined }[],
): readonly string[] =>
  triggers.flatMap(({ type, name }) => (name && !isResourceTrigger(type) ? [name] : []))

/** The target as it stands in the HPA: cut to thousandths. */
export const compositeTarget = ({ target }: Modifiers): string =>
  formatMilli(BigInt(Math.trunc(target * 1000)))

const shape = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** A decimal number as Go reads it, without its words for infinity; undefined where the text is none. */
export function decimal(text: string | undefined): number | undefined {
  const value = text !== undefined && shape.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}
