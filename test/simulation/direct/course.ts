/** What the metrics of a workload asked for at a time: at least and at most, as far as the tolerance leaves it open. */
interface Asked {
  readonly at: number
  readonly least: number
  readonly most: number
}

/** What happened to one workload in one process that scales it by itself. */
export interface Course {
  /** It scales the workload from here on, and knows nothing of before; the count may be another until `until`. */
  begin(at: number, replicas: number, until: number): void
  /** The process saw this count. */
  found(at: number, replicas: number): void
  /** The metrics asked for this; `whole` where all of them were known. */
  asked(at: number, least: number, most: number, whole: boolean): void
  /** A count of its own reached the target, decided on at `at`; `sure` where the process knows that. */
  scaled(at: number, from: number, to: number, sure: boolean): void
  /** The highest count that must have been asked for at a time inside the window before `now`. */
  leastWithin(now: number, window: number): number
  /** The highest count that may have been asked for since then. */
  mostWithin(now: number, window: number): number
  /** By how many Ebb changed the count within the period; undefined where that cannot be told. */
  changedWithin(now: number, period: number): number | undefined
  readonly begun: number
}

/** Nothing looks back further (ms). */
const longest = 400_000

export function createCourse(at: number, replicas: number, until: number): Course {
  let start = { at, until }
  /** What holds the count; a workload that rested holds nothing. */
  let floors: readonly Asked[] = [{ at, least: replicas, most: replicas }]
  let tops = floors
  let changes: readonly { readonly at: number; readonly by: number }[] = []
  /** Before this, changes are not known for sure. */
  let surely = at

  const top = (when: number, least: number, most: number): void => {
    tops = [...tops.filter((a) => a.at > when - longest), { at: when, least, most }]
  }
  const anew = (when: number, count: number): void => {
    floors = [{ at: when, least: count, most: count }]
    changes = []
    surely = when
    top(when, count, count)
  }

  return {
    get begun() {
      return start.at
    },
    begin(when, count, until_) {
      start = { at: when, until: until_ }
      anew(when, count)
    },
    found(when, count) {
      if (count === 0) return anew(when, 0)
      if (when > start.until) return
      // it may be this one that it begins with
      floors = floors.map((a) =>
        a.at === start.at ? { ...a, least: Math.min(a.least, count) } : a,
      )
      top(when, count, count)
    },
    asked(when, least, most, whole) {
      const before = tops.findLast((a) => a.at === when)
      top(when, least, Math.max(most, before?.most ?? 0))
      // what comes within one instant may be looked at together
      const others = floors.filter(
        (a) => a.at > when - longest && (a.at < when || a.at === start.at),
      )
      floors = whole ? [...others, { at: when, least, most }] : others
    },
    scaled(when, from, to, sure) {
      if (from === 0 || to === 0) return anew(when, sure ? to : 0)
      changes = [...changes.filter((c) => c.at > when - longest), { at: when, by: to - from }]
      if (!sure) surely = when
    },
    leastWithin: (now, window) =>
      Math.max(0, ...floors.filter((a) => a.at > now - window).map((a) => a.least)),
    mostWithin: (now, window) =>
      Math.max(0, ...tops.filter((a) => a.at >= now - window).map((a) => a.most)),
    changedWithin(now, period) {
      if (surely > now - period) return undefined
      return changes.reduce((sum, c) => (c.at > now - period ? sum + c.by : sum), 0)
    },
  }
}
