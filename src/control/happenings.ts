import type { Decision, Situation } from '../core/decide.ts'
import { list } from '../core/words.ts'
import { unknownKeys } from '../metadata/schema.ts'
import type { Condition } from '../resources.ts'
import type { Happening } from './events.ts'
import type { Write } from './insight.ts'
import type { Resolved } from './resolve.ts'
import type { Plan } from './triggers.ts'

/** The event that a change of a condition is told by, in KEDA's words; undefined where there is none. */
export function turnReason(
  before: string | undefined,
  { type, status }: Condition,
): string | undefined {
  if (before === status) return undefined
  if (type === 'Paused')
    return status === 'True' ? 'ScaledObjectPaused' : before && 'ScaledObjectUnpaused'
  if (type !== 'Fallback') return undefined
  if (status === 'True') return 'ScaledObjectFallbackActivated'
  return before === 'True' ? 'ScaledObjectFallbackDeactivated' : undefined
}

/** Metadata that nothing reads: a misspelling most of the time, so worth a warning. */
export const strangeKeys = (plans: readonly Plan[]): readonly string[] =>
  plans.flatMap(({ trigger, scaler }) => {
    const keys = unknownKeys(scaler.fields, trigger.metadata ?? {}).map((key) => key.slice(0, 80))
    const called = trigger.name ? ` "${trigger.name}"` : ''
    return keys.length > 0
      ? `trigger ${trigger.type}${called} does not read ${list(keys)} of its metadata; check the spelling`
      : []
  })

/** Stores that got into trouble since the plans before: credentials from them are as old as that. */
export const newTroubles = (plans: readonly Plan[], before: readonly Plan[]): readonly string[] => {
  const known = new Set(before.flatMap(({ troubles }) => troubles))
  const all = new Set(plans.flatMap(({ troubles }) => troubles))
  return [...all].flatMap((why) =>
    known.has(why) ? [] : `${why.slice(0, 600)}; what was last read stays in use`,
  )
}

/** The event of a decision that was carried out, or failed to be. */
export function happeningOf(
  resolved: Resolved | undefined,
  situation: Situation,
  decision: Decision,
  write: Write,
  why: string,
): Happening {
  const { kind, target } = resolved ?? {}
  const what = `${kind?.kind ?? ''} ${target?.namespace ?? ''}/${target?.name ?? ''}`
  const [failed, done] = wordsOf(decision.because)
  return write.kind === 'failed'
    ? {
        type: 'Warning',
        reason: failed,
        note: `${what} stays at ${situation.replicas}: ${write.error}`,
      }
    : { type: 'Normal', reason: done, note: `Scaled ${what} ${why}` }
}

const between: readonly Decision['because'][] = ['demand-rose', 'demand-fell', 'above-max']

/** KEDA's words at the edge; between 1 and max it writes nothing itself, so that Ebb's own are needed. */
function wordsOf(because: Decision['because']): readonly [failed: string, done: string] {
  if (between.includes(because)) return ['EbbScaleFailed', 'EbbScaled']
  return because === 'quiet'
    ? ['KEDAScaleTargetDeactivationFailed', 'KEDAScaleTargetDeactivated']
    : ['KEDAScaleTargetActivationFailed', 'KEDAScaleTargetActivated']
}
