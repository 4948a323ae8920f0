/** What the metrics asked for at a time (epoch ms), before any limit. */
export interface Recommendation {
  readonly at: number
  readonly replicas: number
}

/** Windows in ms. */
export interface Windows {
  readonly up: number
  readonly down: number
}

/** A stabilized count, and the recommendations with the new one among them. */
export interface Stabilized {
  readonly replicas: number
  readonly recommendations: readonly Recommendation[]
}

/**
 * The HPA's stabilization with a behavior: up no further than the lowest and down no further than the highest
 * recommendation inside the window of that direction; between the two the current count stays.
 */
export function stabilize(
  now: number,
  current: number,
  wanted: number,
  windows: Windows,
  past: readonly Recommendation[],
): Stabilized {
  let lowest = wanted
  let highest = wanted
  for (const { at, replicas } of past) {
    if (at > now - windows.up) lowest = Math.min(lowest, replicas)
    if (at > now - windows.down) highest = Math.max(highest, replicas)
  }
  const replicas = Math.min(Math.max(current, lowest), highest)
  const cutoff = now - Math.max(windows.up, windows.down)
  return { replicas, recommendations: record(past, { at: now, replicas: wanted }, cutoff) }
}

/** The same without a behavior: only scaling down waits, and the edge of the window still counts. */
export function stabilizeDown(
  now: number,
  wanted: number,
  window: number,
  past: readonly Recommendation[],
): Stabilized {
  const cutoff = now - window
  const recent = past.filter(({ at }) => at >= cutoff)
  const replicas = recent.reduce((highest, r) => Math.max(highest, r.replicas), wanted)
  return { replicas, recommendations: record(past, { at: now, replicas: wanted }, cutoff) }
}

/**
 * Adds an entry in the place of the last outdated one. Like the HPA, other outdated ones stay, so that a window made
 * longer later finds them; the list never grows beyond the longest window's worth.
 */
export function record<T extends { readonly at: number }>(
  past: readonly T[],
  entry: T,
  cutoff: number,
): readonly T[] {
  const place = past.findLastIndex(({ at }) => at < cutoff)
  return place === -1 ? [...past, entry] : past.with(place, entry)
}
