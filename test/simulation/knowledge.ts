import type { Resource, ScaledObject } from '../../src/resources.ts'
import type { Told } from './sources.ts'

/** One answer that reached a process. */
export interface Heard {
  readonly at: number
  readonly told: Told
}

/** How many answers of a queue are kept: enough to know any value an HPA may still be given. */
const kept = 24

/** What one process was told of the queues, in the order it came. */
export interface Hearing {
  hear(query: string, at: number, told: Told): void
  /** A call for it came to nothing, whatever that means. */
  try(query: string, at: number): void
  /** Whether it was asked for at all. */
  wasTried(query: string): boolean
  /** The newest answer, where nothing came to nothing since. */
  last(query: string): Heard | undefined
  /** The newest, and the newest before this instant: what is decided within an instant may have been decided on either. */
  newest(query: string, now: number): readonly Heard[]
  all(query: string): readonly Heard[]
  /** Whether one of the last so many answers that were no error was a value. */
  hadValue(query: string, among: number): boolean
}

export function createHearing(): Hearing {
  const queries = new Map<string, Heard[]>()
  const tried = new Map<string, number>()
  return {
    try: (query, at) => void tried.set(query, at),
    last(query) {
      const last = queries.get(query)?.at(-1)
      return last && last.at > (tried.get(query) ?? -1) ? last : undefined
    },
    wasTried: (query) => tried.has(query) || queries.has(query),
    hear(query, at, told) {
      const known = queries.get(query) ?? []
      queries.set(query, known)
      known.push({ at, told })
      if (known.length > kept) known.shift()
    },
    newest(query, now) {
      const known = queries.get(query) ?? []
      const last = known.at(-1)
      if (!last || last.at < now) return last ? [last] : []
      const before = known.findLast(({ at }) => at < now)
      return before ? [last, before] : [last]
    },
    all: (query) => queries.get(query) ?? [],
    hadValue(query, among) {
      const good = (queries.get(query) ?? []).filter(({ told }) => told.kind !== 'error')
      return good.slice(-among).some(({ told }) => told.kind === 'value')
    },
  }
}

/** The versions of one object that a process was given, the newest last. */
export interface Versions<T extends Resource = ScaledObject> {
  add(at: number, object: T): void
  readonly newest: T | undefined
  /** All that the process may act on now: what it was given within `window`, and the one before. */
  within(now: number, window: number): readonly T[]
}

export function createVersions<T extends Resource = ScaledObject>(): Versions<T> {
  let known: { readonly at: number; readonly object: T }[] = []
  return {
    add(at, object) {
      const last = known.at(-1)?.object
      if (last && sameIntent(last, object)) return
      known.push({ at, object })
      if (known.length > 12) known = known.slice(-12)
    },
    get newest() {
      return known.at(-1)?.object
    },
    within(now, window) {
      const first = known.findIndex(({ at }) => at >= now - window)
      const from = first < 0 ? known.length - 1 : Math.max(0, first - 1)
      return known.slice(Math.max(0, from)).map(({ object }) => object)
    },
  }
}

/** Whether two versions ask for the same. */
export const sameIntent = (a: Resource, b: Resource): boolean =>
  a.metadata.uid === b.metadata.uid &&
  a.metadata.generation === b.metadata.generation &&
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  JSON.stringify(a.metadata.annotations ?? {}) === JSON.stringify(b.metadata.annotations ?? {})

/** The counts of targets that one process was told of. */
export interface Counts {
  add(name: string, version: string, replicas: number): void
  at(name: string, version: string): number | undefined
  /** 0 where none is known. */
  newest(name: string): number
}

export function createCounts(): Counts {
  const known = new Map<string, Map<string, number>>()
  const newest = new Map<string, string>()
  return {
    add(name, version, replicas) {
      const of = known.get(name) ?? new Map<string, number>()
      known.set(name, of.set(version, replicas))
      if (Number(version) >= Number(newest.get(name) ?? 0)) newest.set(name, version)
    },
    at: (name, version) => known.get(name)?.get(version),
    newest: (name) => known.get(name)?.get(newest.get(name) ?? '') ?? 0,
  }
}
