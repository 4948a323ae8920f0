import { failing, isActive, isWanted, type Decision, type Situation } from './decide.ts'

/** `status.triggersActivity`: by metric name, whether that trigger is active. */
export type Activity = Readonly<Record<string, { readonly isActive: boolean }>>

/**
 * When the workload counts as last active after a decision: now while it is wanted, wholly read and not at rest; else
 * unchanged. `written` is whether the new count reached the target. The cooldown counts from here, so a failed write,
 * a paused activation and a poll with a failing trigger do not move it (KEDA 3.7).
 */
export function lastActiveAfter(s: Situation, d: Decision, written: boolean): number | undefined {
  if (d.because === 'hpa-in-charge') return s.now
  if (d.because === 'triggered' || d.because === 'forced') return written ? s.now : s.lastActive
  if (s.direct !== undefined && s.replicas > 0 && isWanted(s))
    return failing(s).length === 0 ? s.now : s.lastActive
  const awake = d.because === 'below-min' && isWanted(s) && failing(s).length === 0
  return awake ? s.now : s.lastActive
}

/**
 * What each trigger's activity is now, cpu and memory left out. A trigger not read yet keeps what was stored.
 * The same object as `before` where nothing changed. Unlike KEDA, triggers under a formula show their own activity.
 */
export function activityAfter(s: Situation, before: Activity): Activity {
  const now = Object.fromEntries(
    s.triggers
      .filter((t) => t.state !== 'resource' && (t.state !== 'unread' || before[t.metric]))
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
