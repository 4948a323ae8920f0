import type { Resource, ScaledObject } from '../../src/resources.ts'
import type { Told } from './sources.ts'

/** The last two times of something; what is decided within the instant of the last may still go by the one before. */
interface Times {
  readonly last: number
  readonly before: number
}
const noTimes: Times = { last: -1, before: -1 }
const beforeNow = ({ last, before }: Times, now: number): number => (last < now ? last : before)

type Measured = Map<string, { value: Times; void: Times }>

/** When queues were last measured, as far as a fallback goes by it. */
export interface Measuring {
  /** Its loops begin anew. */
  runs(): void
  /** The process was given this version. */
  saw(object: Resource): void
  heard(query: string, told: Told, now: number): void
  /** For a workload, before this time; undefined where nobody ever did. */
  at(object: ScaledObject, query: string, ignoreEmpty: boolean, now: number): number | undefined
}

/**
 * One for each process. `everywhere` is what all of them were told while they led: a successor goes by what was stored, at
 * best. A fallback that is stored as engaged restarts as engaged, and holds until the process has measured itself.
 */
export function createMeasuring(everywhere: Measured, leads: () => boolean): Measuring {
  let own: Measured = new Map()
  const stored = new Map<string, boolean>()
  let restarted = new Set<string>()
  return {
    runs() {
      own = new Map()
      restarted = new Set([...stored].flatMap(([uid, engaged]) => (engaged ? [uid] : [])))
    },
    saw({ metadata: { uid = '' }, ...object }) {
      // only workloads have such a condition
      const { status } = object as Partial<ScaledObject>
      const found = status?.conditions?.find(({ type }) => type === 'Fallback')
      stored.set(uid, found?.status === 'True')
    },
    heard(query, { kind }, now) {
      if (kind === 'error') return
      for (const known of leads() ? [own, everywhere] : [own]) {
        const of = known.get(query) ?? { value: noTimes, void: noTimes }
        if (of[kind].last < now) of[kind] = { last: now, before: of[kind].last }
        known.set(query, of)
      }
    },
    at({ metadata: { uid = '' } }, query, ignoreEmpty, now) {
      const before = (known: Measured): number => {
        const of = known.get(query)
        if (of === undefined) return -1
        return Math.max(beforeNow(of.value, now), ignoreEmpty ? beforeNow(of.void, now) : -1)
      }
      const at = before(own)
      if (at >= 0) return at
      if (restarted.has(uid)) return Number.NEGATIVE_INFINITY
      const elsewhere = before(everywhere)
      return elsewhere < 0 ? undefined : elsewhere
    },
  }
}

export const nothingMeasured = (): Measured => new Map()
