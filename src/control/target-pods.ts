import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { reasonOf } from '../errors.ts'
import type { Pods } from '../pods.ts'
import type { PodView } from '../scaler.ts'
import { sameTarget, type FoundTarget, type Resolved } from './resolve.ts'

export interface TargetPodsParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly followPods: Pods['follow']
  /** They are known now, which they were not. */
  known(): void
  /** They cannot be had, and why; said once until they can. */
  warn(note: string): void
}

export interface PodCount {
  readonly all: number
  /** Those that run and are ready. */
  readonly ready: number
}

/**
 * The pods of one scale target, by the selector that its own /scale gives, whatever its kind. Followed from when they are first
 * asked for until nobody has asked for long.
 */
export interface TargetPods {
  /** Undefined while they are not known; `known` is called once they are. */
  view(of: Target): PodView | undefined
  /** The same, counted. */
  count(of: Target): PodCount | undefined
  /** Their selector, once it is known. */
  readonly selector: string | undefined
  /** Why the target does not say which they are; undefined where it does, or it takes a moment. */
  readonly problem: string | undefined
  /** Lets go of them where nobody has asked for long; called at every look. */
  tidy(): void
  release(): void
}

/** Of a workload with cpu or memory triggers, the pods are kept with what those are judged by. */
export type Target = FoundTarget & Partial<Pick<Resolved, 'resources'>>

/** What could not be had is tried again after so long (ms). */
const again = 10_000
/** Pods that nobody has asked for so long (ms) are let go of: they are kept for what polls. */
const unwanted = 15 * 60_000
/** A watch that is away for less (ms) is nothing to tell of. */
const briefly = 60_000

export function createTargetPods(parts: TargetPodsParts, signal: AbortSignal): TargetPods {
  const { cluster, clock, followPods } = parts
  let of: Target | undefined
  let followed: Followed | undefined
  let problem: string | undefined
  let told: string | undefined
  let triedAt = 0
  let askedAt = 0

  const follow = ({ target, resources = [] }: Target, selector: string): void => {
    const background = resources.length > 0
    if (followed?.selector === selector && followed.background === background) return
    followed?.view.release()
    const view = followPods(target.namespace, selector, { background })
    const mine: Followed = { selector, background, view, synced: false }
    followed = mine
    const known = async (): Promise<void> => {
      await mine.view.synced
      mine.synced = true
      if (followed === mine && !signal.aborted) parts.known()
    }
    void known()
  }

  const open = async (found: Target): Promise<void> => {
    const { kind, target } = found
    const isCurrent = (): boolean => of === found && !signal.aborted
    try {
      const scale = await cluster.readScale(kind, target, signal)
      if (!isCurrent()) return
      const selector = scale?.status.selector
      problem = selector ? undefined : `${kind.kind} ${target.name} does not say which pods it has`
      if (selector) follow(found, selector)
      else unfollow()
    } catch (error) {
      if (isCurrent()) problem = reasonOf(error)
    }
  }

  const unfollow = (): void => {
    followed?.view.release()
    followed = undefined
  }

  /** Those that are followed, or says why there are none. */
  const current = ({ kind, target }: Target, now: number): PodView | undefined => {
    const stale = followed?.view.stale
    const why = followed ? stale && now > stale.since + briefly && stale.why : problem
    if (why && told === undefined) {
      told = why
      parts.warn(`the pods of ${kind.kind} ${target.name} cannot be counted: ${why}`)
    }
    if (followed?.synced !== true || stale) return undefined
    told = undefined
    return followed.view
  }

  const release = (): void => {
    unfollow()
    of = undefined
    problem = undefined
  }

  const pods: TargetPods = {
    get selector() {
      return followed?.selector
    },
    get problem() {
      return followed ? undefined : problem
    },
    view(found) {
      const now = clock.now()
      askedAt = now
      if (of && !sameTarget(of, found)) release()
      // another version of the spec may go with another version of the target
      if (of !== found || (problem !== undefined && now >= triedAt + again)) {
        of = found
        triedAt = now
        void open(found)
      }
      return current(found, now)
    },
    count(found) {
      const view = pods.view(found)
      if (view === undefined) return undefined
      let all = 0
      let ready = 0
      for (const pod of view.list()) {
        all++
        if (pod.ready && pod.phase === 'Running') ready++
      }
      return { all, ready }
    },
    tidy() {
      if (of && clock.now() > askedAt + unwanted) release()
    },
    release,
  }
  return pods
}

interface Followed {
  readonly selector: string
  readonly background: boolean
  readonly view: PodView
  synced: boolean
}
