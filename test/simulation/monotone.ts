import { decide, type Decision, type Situation } from '../../src/core/decide.ts'

/** The same with more waiting at every trigger that is measured. */
export const withMore = (s: Situation, more: number): Situation => ({
  ...s,
  triggers: s.triggers.map((t) =>
    t.value === undefined || (t.state !== 'idle' && t.state !== 'active')
      ? t
      : { ...t, state: 'active', value: t.value + more },
  ),
  direct: s.direct && {
    ...s.direct,
    readings: s.direct.readings.map((r) =>
      r.read.kind === 'value'
        ? { ...r, read: { ...r.read, milli: r.read.milli + more * 1000 } }
        : r,
    ),
  },
})

/** Why more waiting would have given fewer replicas; undefined where it would not, or where a formula may turn it around. */
export function whyNotMonotone(s: Situation, decided: Decision): string | undefined {
  if (s.composite !== undefined) return undefined
  for (const more of [1, 1_000]) {
    const grown = decide(withMore(s, more))
    if (outcome(s, grown) < outcome(s, decided))
      return `${more} more give ${JSON.stringify(grown)} instead of ${JSON.stringify(decided)}`
  }
  return undefined
}

const outcome = (s: Situation, d: Decision): number => ('scaleTo' in d ? d.scaleTo : s.replicas)
