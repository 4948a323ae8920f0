import { kinds } from '../../src/kinds.ts'
import type { Lease } from '../../src/resources.ts'
import { leaseTimes } from './member.ts'
import type { Call, Done } from './network.ts'
import type { Process } from './process.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './time.ts'

/** What is checked of one process as long as several run at once. */
export interface Standing {
  /** A write of it reached the API server. */
  wrote(call: Call, done: Done): void
  /** It asks a source. */
  asked(): void
  /** Its loops run. */
  runs(): void
  /** It was asked to end. */
  leaving(): void
  /** It is dead. */
  ended(): void
}

export interface SuccessionParts {
  readonly scenario: Scenario
  readonly world: World
  readonly start: number
  readonly violate: (promise: string, what: string) => void
  /** The Lease is with another process now. */
  readonly passedOn: (from: string) => void
}

const { duration, retryPeriod } = leaseTimes
/** The longest that one that stands by hears nothing of the Lease without a look at it (ms). */
const longestLook = retryPeriod * 2.2
/** Reading objects, calls and starts of loops take a moment (ms). */
const moment = 500
/** A planned hand-over takes no longer (ms). */
const planned = 5_000
/** So long after its Lease is gone, or it goes on, a process may still ask sources: what is under way ends (ms). */
const ending = 5_000
/**
 * After a crash the Lease lasts on from its last renewal, which one that stands by sees as it is written (ms). One whose watch
 * has just died, in a fault before, sees it when it has heard nothing for so long that it looks.
 */
const takeover = duration + moment
const takeoverLooking = takeover + longestLook

/**
 * Checks that one of several processes writes and asks at a time, and that another goes on soon once it does not. Goes by the
 * Lease as it is at the API server, and by who can reach that.
 */
export function createSuccession(parts: SuccessionParts): (process: Process) => Standing {
  const { scenario, world, start, violate } = parts
  const members: Process[] = []
  let holder = ''
  let renewed = world.now()
  /** Who took the Lease of another last. */
  let taker: { readonly id: string; readonly at: number } | undefined
  /** Whose loops were started last. */
  let started: { readonly id: string; readonly at: number } | undefined

  const isCalm = (from: number): boolean =>
    !scenario.apiFaults.some((f) => f.to + start > from && f.from + start < world.now())
  /** Whether another one could have taken over since then. */
  const hasHeir = (from: number, but: string): boolean =>
    members.some(({ id, fitSince }) => id !== but && fitSince !== undefined && fitSince <= from)

  /** Another one must lead after so long, where one was able to all the time, and for `calmFor` (ms) before. */
  const expect = (process: Process, promise: string, within: number, calmFor = 0): void => {
    const since = world.now()
    world.after(within, () => {
      if (started && started.at >= since && started.id !== process.id) return
      // of one that has died meanwhile, another takeover is expected
      if (taker && taker.at >= since && !members.some(({ id }) => id === taker?.id)) return
      if (!hasHeir(since - calmFor, process.id) || !isCalm(since - calmFor)) return
      if (within === planned && !wentWell(process, since)) return
      violate(promise, `nobody goes on ${within} ms after ${process.id}`)
    })
  }

  /** Whether nothing kept it from handing over. */
  const wentWell = ({ hamperedUntil, hasLeft, alive }: Process, since: number): boolean =>
    hamperedUntil <= since && (hasLeft || alive)

  return (process) => {
    const { id } = process
    let held = Number.NEGATIVE_INFINITY
    members.push(process)

    const leaseWritten = (was: string, is: string): void => {
      const now = world.now()
      if (was !== '' && was !== id && now - renewed < duration)
        violate(
          'never two writers',
          `${id} took the Lease of ${was} that was renewed ${now - renewed} ms before`,
        )
      if (was === id && is === id && now - renewed < retryPeriod - moment && isCalm(now - duration))
        violate('one write per change', `${id} renewed the Lease after ${now - renewed} ms`)
      if (was === id) held = now
      if (was !== is && is === id) taker = { id, at: now }
      if (was !== is && was !== '') parts.passedOn(was)
      holder = is
      renewed = now
    }

    return {
      wrote(call, { refused, before, after }) {
        if (call.kind === kinds.lease.kind) {
          // only a Lease has this kind
          if (!refused) leaseWritten(holderOf(before as Lease), holderOf(after as Lease))
          return
        }
        const tells = call.kind === kinds.event.kind && call.verb === 'create'
        if (holder !== id && !tells)
          violate(
            'never two writers',
            `${id} sent ${call.verb} ${call.kind} ${call.name} while ${holder === '' ? 'nobody' : holder} holds the Lease`,
          )
      },
      asked() {
        const now = world.now()
        if (holder === id) held = now
        const from = Math.max(held, process.resumedAt)
        if (now - from > ending)
          violate('one asks', `${id} asks a source while ${holder || 'nobody'} holds the Lease`)
      },
      runs() {
        started = { id, at: world.now() }
      },
      leaving() {
        if (holder === id && process.leads) expect(process, 'planned hand-over', planned)
      },
      ended() {
        members.splice(members.indexOf(process), 1)
        if (holder !== id) return
        expect(process, 'takeover', takeover, longestLook + moment)
        expect(process, 'takeover', takeoverLooking)
      },
    }
  }
}

const holderOf = (lease: Lease | undefined): string => lease?.spec?.holderIdentity ?? ''
