import type { ScaledObject } from '../../src/resources.ts'
import type { Activity } from './activity.ts'
import { isResting } from './direct/rules.ts'
import { acceptedAge, periodOf, says } from './facts.ts'
import type { Heard, Hearing, Versions } from './knowledge.ts'
import { isForced, isHalted, pauseOf } from './rules.ts'
import { parametersOf } from './scenario.ts'
import type { World } from './time.ts'
import { composedOf } from './ways/formulas.ts'
import { composites, holds } from './ways/rules.ts'

export interface AwarenessParts {
  readonly world: World
  readonly hearing: () => Hearing
  readonly objects: ReadonlyMap<string, Versions>
  readonly leads: () => boolean
  /** The newest count of a target that the process knows. */
  readonly count: (name: string) => number
  readonly activity: Activity
}

/** Which workloads one process knows to be active, by what it was told. */
export interface Awareness {
  /** The process was given an object in the place of another. */
  saw(before: ScaledObject | undefined, object: ScaledObject): void
  /** Something was heard of this query. */
  heard(query: string): void
  forgetUnwritten(): void
}

export function createAwareness(parts: AwarenessParts): Awareness {
  const { world, hearing, objects, leads, count, activity } = parts
  const episodes = activity.follow()
  /** By uid: since when it is scaled at all again, after a pause as a whole: what was known before is not known then. */
  const askedSince = new Map<string, number>()
  /** By uid: since when it is known: what others were told before, of the same queues, is no activity of its own. */
  const knownSince = new Map<string, number>()

  /** Whether what the process was told of all its triggers makes it active. */
  const isActive = (object: ScaledObject): boolean => {
    const uid = object.metadata.uid ?? ''
    const oldest = Math.max(
      askedSince.get(uid) ?? 0,
      knownSince.get(uid) ?? 0,
      world.now() - acceptedAge(object) - periodOf(object),
    )
    const young = (query: string): readonly Heard[] => {
      const last = hearing().last(query)
      return last && last.at >= oldest ? [last] : []
    }
    const said = object.spec.triggers.map((t) => {
      const [last] = young(parametersOf(t).query)
      if (!last || says(t, last) === 'unknown') return 'unknown'
      // what only holds is no activity of a workload that rests
      return holds(object, t) ? 'idle' : says(t, last)
    })
    if (said.includes('unknown')) return false
    if (isForced(object)) return true
    const composed = composedOf(object)
    if (!composed) return said.includes('active')
    const given = composites({ object, now: world.now(), newest: young })
    return given.some((value) => value > composed.activation)
  }

  return {
    saw(before, object) {
      const { uid = '' } = object.metadata
      if (!knownSince.has(uid)) knownSince.set(uid, world.now())
      // however short it was
      if (isForced(object)) activity.perhaps(uid)
      if (before && isHalted(before) && !isHalted(object)) askedSince.set(uid, world.now())
    },
    heard(query) {
      // what a former owner is told while it ends is known to nobody who acts
      if (!leads()) return
      for (const { newest } of objects.values()) {
        // what is paused as a whole asks nothing; what others are told is not told to it
        if (!newest || isHalted(newest)) continue
        if (!newest.spec.triggers.some((t) => parametersOf(t).query === query)) continue
        const { uid = '', name } = newest.metadata
        // what a pause of scale-out keeps asleep is no activity
        if (pauseOf(newest) === 'out' && isResting(newest, count(name))) continue
        if (isActive(newest)) episodes.active(uid)
        else episodes.idle(uid)
      }
    },
    forgetUnwritten: () => episodes.forgetUnwritten(),
  }
}
