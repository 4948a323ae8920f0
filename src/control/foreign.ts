import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import {
  contestOf,
  heardAfter,
  heardAgain,
  nameOf,
  writerOf,
  type Contest,
  type Heard,
  type Writer,
} from '../core/foreign.ts'
import { isFailure, reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { FoundTarget } from './resolve.ts'

type Found = Pick<FoundTarget, 'kind' | 'target'>

export interface ForeignParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  /** It is known now who wrote the replicas: the workload can be decided on. */
  readonly known: () => void
}

/** Who else writes the replicas of a target that Ebb scales by itself. What it remembers is lost with the process. */
export interface Foreign {
  /**
   * Whether the target may be decided on as it was seen. Where somebody else set these replicas it may not, until the target
   * itself was asked who: one GET, and `known` follows. Until then Ebb must not write, which would wipe out the answer.
   */
  mayDecide(found: Found, replicas: number): boolean
  /** Ebb wrote these replicas. */
  wrote(replicas: number): void
  /** The writer whom Ebb leaves the replicas to now. */
  contest(): Contest | undefined
  /** Begins anew with the replicas that are seen next: Ebb did not scale the target until now, or the user has changed something. */
  forget(): void
  idle(): Promise<void>
}

const unnamed: Writer = { manager: '', operation: '', subresource: '' }

export function createForeign(
  { cluster, clock, log, known }: ForeignParts,
  signal: AbortSignal,
): Foreign {
  let heard: readonly Heard[] = []
  /** The replicas that are accounted for; undefined before the first look. */
  let expected: number | undefined
  let asking: Promise<void> | undefined

  /** Undefined where it cannot be told now. */
  const ask = async ({ kind, target }: Found): Promise<Writer | 'own' | undefined> => {
    try {
      const object = await cluster.getAny(kind, target, signal)
      return object && writerOf(object.metadata.managedFields ?? [])
    } catch (error) {
      // the right to scale a kind does not include the right to read it
      if (isFailure(error, 'CLUSTER_FORBIDDEN')) return unnamed
      if (!signal.aborted)
        log.debug({ object: target, error: reasonOf(error) }, 'not known who wrote the replicas')
      return undefined
    }
  }

  const findOut = async (found: Found, replicas: number): Promise<void> => {
    const before = expected
    const writer = await ask(found)
    asking = undefined
    if (signal.aborted || writer === undefined || expected !== before) return
    expected = replicas
    if (writer !== 'own') {
      heard = heardAfter(heard, writer, clock.now())
      log.info({ object: found.target, replicas, writer: nameOf(writer) }, 'scaled by another')
    }
    known()
  }

  return {
    mayDecide(found, replicas) {
      if (expected === undefined || expected === replicas) {
        expected = replicas
        return true
      }
      const now = clock.now()
      if (contestOf(heard, now)) {
        heard = heardAgain(heard, now)
        expected = replicas
        return true
      }
      asking ??= findOut(found, replicas)
      return false
    },
    wrote(replicas) {
      expected = replicas
    },
    contest: () => contestOf(heard, clock.now()),
    forget() {
      heard = []
      expected = undefined
    },
    async idle() {
      await asking
    },
  }
}
