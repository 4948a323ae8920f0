import {
  failing,
  isActive,
  isFresh,
  isResting,
  isWanted,
  type Decision,
  type Situation,
} from './decide.ts'
import { isResourceTrigger } from './names.ts'

/** `status.triggersActivity`: by metric name, whether that trigger is active. */
export type Activity = Readonly<Record<string, { readonly isActive: boolean }>>

/**
 * When the workload counts as last active after a decision: now while it is wanted, wholly read and not at rest; else
 * unchanged. `written` is whether the new count reached the target. The cooldown counts from here, so a failed write,
 * a paused activation and a poll with a failing trigger do not move it (KEDA 3.7).
 */
export const lastActiveAfter = (s: Situation, d: Decision, written: boolean): number | undefined =>
  counts(s, d, written) ? s.now : s.lastActive

function counts(s: Situation, d: Decision, written: boolean): boolean {
  if (d.because === 'hpa-in-charge') return true
  if (d.because === 'triggered' || d.because === 'forced') return written
  // paused by the two annotations for one direction each, its triggers are asked on
  const looksOn = s.direct === undefined ? s.paused === 'both' && !isResting(s) : s.replicas > 0
  const awake = d.because === 'below-min' || (looksOn && s.triggers.length > 0)
  return awake && isWanted(s) && failing(s).length === 0
}

/**
 * Whether the workload has been active by a trigger's own word, or force, since it was created. A fallback knows nothing of the
 * queue, and an answer from before it was followed, as of a source that others share, is of the time before: neither ends an
 * initial cooldown.
 */
export function everActiveAfter(s: Situation, d: Decision, written: boolean): boolean {
  if (s.everActive || !counts(s, d, written)) return s.everActive
  const says = s.composite === undefined ? s.triggers : [s.composite]
  return (
    s.forced || says.some((t) => isActive(t, s) && t.state === 'active' && isFresh(t, s.freshSince))
  )
}

/**
 * What each trigger's activity is now, cpu and memory left out. A trigger not read yet keeps what was stored.
 * The same object as `before` where nothing changed. Unlike KEDA, triggers under a formula show their own activity.
 */
export function activityAfter(s: Situation, before: Activity): Activity {
  const now = Object.fromEntries(
    s.triggers
      .filter((t) => !isResourceTrigger(t.type) && (t.state !== 'unread' || before[t.metric]))
      .map((t) => [t.metric, { isActive: activeNow(t, s, before) }]),
  )
  return sameActivity(now, before) ? before : now
}

const activeNow = (t: Situation['triggers'][number], s: Situation, before: Activity): boolean =>
  t.state === 'unread' ? (before[t.metric]?.isActive ?? false) : isActive(t, s)

function sameActivity(a: Activity, b: Activity): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => a[key]?.isActive === b[key]?.isActive)
  )
}
