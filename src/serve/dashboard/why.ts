import type { Decision, Situation } from '../../core/decide.ts'

/** The decision in words. */
export const sentence = (decision: Decision, _situation: Situation): string => decision.because
