import type { Policy, Rules } from './behavior.ts'
import { record } from './stabilize.ts'

/** A change of the replica count that was carried out; `change` is positive in both directions. */
export interface ScaleEvent {
  readonly at: number
  readonly change: number
}

/** Past changes, by direction. */
export interface ScaleEvents {
  readonly ups: readonly ScaleEvent[]
  readonly downs: readonly ScaleEvent[]
}

/** The highest count that scaleUp allows now; never below the current one. */
export function upLimit(now: number, current: number, rules: Rules, events: ScaleEvents): number {
  const proposals = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const before = countBefore(now, current, periodSeconds, events)
    return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100))
  })
  const limit = rules.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
  return rules.selectPolicy === 'Disabled' ? current : Math.max(limit, current)
}

/** The lowest count that scaleDown allows now; never above the current one. */
export function downLimit(now: number, current: number, rules: Rules, events: ScaleEvents): number {
  const proposals = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const before = countBefore(now, current, periodSeconds, events)
    return type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100))
  })
  const limit = rules.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
  return rules.selectPolicy === 'Disabled' ? current : Math.min(limit, current)
}

/** The count at the beginning of the period, as the recorded changes since then tell it. */
function countBefore(now: number, current: number, period: number, events: ScaleEvents): number {
  const since = now - period * 1000
  const sum = (list: readonly ScaleEvent[]): number =>
    list.reduce((total, { at, change }) => (at > since ? total + change : total), 0)
  return current - sum(events.ups) + sum(events.downs)
}

/** The events with one more change, in the place of one that no policy of its direction looks back to. */
export function recordChange(
  now: number,
  from: number,
  to: number,
  rules: { readonly scaleUp: Rules; readonly scaleDown: Rules },
  events: ScaleEvents,
): ScaleEvents {
  const entry = { at: now, change: Math.abs(to - from) }
  const add = (list: readonly ScaleEvent[], { policies = [] }: Rules): readonly ScaleEvent[] =>
    record(list, entry, now - longest(policies) * 1000)
  return to > from
    ? { ...events, ups: add(events.ups, rules.scaleUp) }
    : { ...events, downs: add(events.downs, rules.scaleDown) }
}

const longest = (policies: readonly Policy[]): number =>
  policies.reduce((most, { periodSeconds }) => Math.max(most, periodSeconds), 0)
