import { slowest } from './direct/generate.ts'
import { lethal } from './process.ts'
import type { Event, Scenario } from './scenario.ts'

/** Troubles with the API server have passed for good after this (ms): what failed is tried again twice a minute. */
const aftermath = 60_000
/** A watch that lets nothing through is left after four minutes (ms), and then what failed is tried again. */
const silence = 240_000 + aftermath

/** Whether something is wrong with the API server or a process at this time (ms from the start), or was not long ago. */
export const isTroubled = (scenario: Scenario, now: number): boolean =>
  scenario.apiFaults.some((f) => f.from <= now && now < f.to + aftermath) ||
  scenario.events.some((e) => e.at <= now && now < overAt(e, scenario.events))

/** Until when an event may be felt in what a process knows of the cluster, and the cluster of it. */
function overAt(event: Event, all: readonly Event[]): number {
  if (isWish(event.do)) return event.at
  if (event.do === 'mute-watches') {
    // one that is suspended notices once it goes on
    const resumed = all.map((e) => (e.do === 'suspend' && e.at <= event.at ? e.at + e.for : 0))
    return Math.max(event.at, ...resumed) + silence
  }
  if (event.do === 'partition') return event.at + event.for + silence
  if (event.do === 'suspend') return event.at + event.for + aftermath
  if (event.do === 'crash-at-call') return event.at + lethal + aftermath
  return event.at + aftermath
}

/** What follows from the last change has happened after this (ms): cooldowns, fallbacks, an HPA's window of five minutes. */
export function settledAfter({ objects, sourceFaults, calms, events }: Scenario): number {
  const hpa = 345
  // users change it
  const longestCooldown = 300
  const longest = objects.map(({ spec }) => {
    const { initialCooldownPeriod = 0, pollingInterval = 30 } = spec
    const fallback = ((spec.fallback?.failureThreshold ?? 0) + 2) * pollingInterval
    return Math.max(initialCooldownPeriod, hpa, longestCooldown + fallback) + pollingInterval
  })
  // what asks to wait is asked anew after that, and what it then says is written
  const waits = sourceFaults
    .filter((f) => f.kind === 'throttled' && calms.some((c) => f.from < c.to && f.to > c.from))
    .map(({ amount }) => 2 * amount)
  // whoever else scales is left alone for a while after that
  const contested = events.some((e) => e.do === 'scale' && e.by !== undefined)
  const paced = objects.some(({ spec }) => spec.advanced?.horizontalPodAutoscalerConfig?.behavior)
  return (
    (Math.max(hpa, ...longest) + 30) * 1_000 +
    (paced || contested ? slowest : 0) +
    Math.max(0, ...waits)
  )
}

/** Wishes of users are no trouble with the API server. */
const isWish = (what: string): boolean =>
  [
    'change',
    'scale',
    'touch',
    'delete',
    'create',
    'change-job',
    'delete-job',
    'create-job',
  ].includes(what)
