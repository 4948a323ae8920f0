/** Where something stands in an object: member names and places in lists. */
export type Path = readonly (string | number)[]

/**
 * How much it matters. `refused`: the API server, or the webhook, does not let it in. `broken`: let in, as KEDA lets it in, but
 * it cannot be followed, and the Ready condition says so. `warning`: it works, though perhaps not as it was meant.
 */
export type Weight = 'refused' | 'broken' | 'warning'

/** Which rule was broken. Those of ScaledObjects are KEDA's words for them, which its metrics count by. */
export type Rule =
  | 'structure'
  | 'incorrect-replicas'
  | 'incorrect-fallback'
  | 'name-too-long'
  | 'hpa-name-too-long'
  | 'incorrect-triggers'
  | 'other-scaled-object'
  | 'other-scaled-object-hpa'
  | 'other-hpa'
  | 'transfer-ownership-missing-hpa-name'
  | 'unknown-target'
  | 'missing-target'
  | 'missing-requests'
  | 'scale-to-zero-requirements-not-met'
  | 'scaling-modifiers'
  | 'scaling-modifiers-fallback'
  | 'pod-identity'
  | 'oauth2'
  | 'annotation'
  | 'metric-type'
  | 'job-template'
  | 'metadata'
  | 'no-effect'
  | 'unsupported'

/** One thing that is wrong with an object. The message names the field by itself and never holds a secret. */
export interface Problem {
  readonly path: Path
  readonly rule: Rule
  readonly weight: Weight
  readonly message: string
}

/** Makes a problem, the path relative to `spec`. */
export const inSpec = (
  path: Path,
  rule: Rule,
  message: string,
  weight: Weight = 'refused',
): Problem => ({ path: ['spec', ...path], rule, weight, message })

/** `spec.triggers[0].metadata.queueName`; a name that is no plain word is quoted. */
export const fieldText = (path: Path): string =>
  path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(shown(step))}]`
      return at === 0 ? step : `.${step}`
    })
    .join('')

/** Text of a user's as it may be shown: on one line, without what moves a terminal's cursor, and cut. */
export function shown(text: string, longest = 60): string {
  const plain = text.slice(0, longest + 1).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  return text.length > longest ? `${plain.slice(0, longest)}…` : plain
}
