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
import type { Resource, Workload } from '../resources.ts'
import { sameTarget, type FoundTarget } from './resolve.ts'
import type { TargetState } from './target.ts'

type Found = Pick<FoundTarget, 'kind' | 'target'>

export interface ForeignParts {
  readonly cluster: Pick<Cluster, 'getAny'>
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
  mayDecide(found: Found, seen: TargetState): boolean
  /** Ebb wrote these replicas. */
  wrote(replicas: number): void
  /** The writer whom Ebb leaves the replicas to now. */
  contest(): Contest | undefined
  /** Begins anew with the replicas that are seen next: Ebb did not scale the target until now, or the user has changed something. */
  forget(): void
  idle(): Promise<void>
}

interface Answer {
  readonly object: Resource | undefined
  readonly writer: Writer | 'own'
}

/** How long (ms) a mirror is waited for that shows the target as it was before it was asked. */
const longestLag = 60_000

const unnamed: Writer = { manager: '', operation: '', subresource: '' }

export function createForeign(
  { cluster, clock, log, known }: ForeignParts,
  signal: AbortSignal,
): Foreign {
  let heard: readonly Heard[] = []
  /** The replicas that are accounted for, and whose; undefined before the first look. */
  let expected: number | undefined
  let of: Found | undefined
  let asking: Promise<void> | undefined

  /** The target as it was when it was asked; what is seen of it from before that is no news. */
  let asOf: { readonly version: number; readonly at: number } | undefined

  /** The target with who wrote its replicas; undefined where it cannot be told now. */
  const ask = async ({ kind, target }: Found): Promise<Answer | undefined> => {
    try {
      const object = await cluster.getAny(kind, target, signal)
      return object && { object, writer: writerOf(object.metadata.managedFields ?? []) }
    } catch (error) {
      // the right to scale a kind does not include the right to read it
      if (isFailure(error, 'CLUSTER_FORBIDDEN')) return { object: undefined, writer: unnamed }
      if (!signal.aborted)
        log.debug({ object: target, error: reasonOf(error) }, 'not known who wrote the replicas')
      return undefined
    }
  }

  const findOut = async (found: Found, seen: TargetState): Promise<void> => {
    const before = expected
    const answer = await ask(found)
    asking = undefined
    if (signal.aborted || answer === undefined || expected !== before) return
    const { object, writer } = answer
    const replicas = countIn(found, object) ?? seen.replicas
    expected = replicas
    asOf = object && { version: Number(object.metadata.resourceVersion), at: clock.now() }
    if (writer !== 'own') {
      heard = heardAfter(heard, writer, clock.now())
      log.info({ object: found.target, replicas, writer: nameOf(writer) }, 'scaled by another')
    }
    known()
  }

  const lags = ({ resourceVersion }: TargetState): boolean =>
    asOf !== undefined &&
    Number(resourceVersion) < asOf.version &&
    clock.now() - asOf.at < longestLag

  function forget(): void {
    heard = []
    expected = undefined
    asOf = undefined
  }

  return {
    mayDecide(found, seen) {
      if (of !== found) {
        if (of !== undefined && !sameTarget(of, found)) forget()
        of = found
      }
      if (lags(seen)) return false
      asOf = undefined
      if (expected === undefined || expected === seen.replicas) {
        expected = seen.replicas
        return true
      }
      const now = clock.now()
      if (contestOf(heard, now)) {
        heard = heardAgain(heard, now)
        expected = seen.replicas
        return true
      }
      asking ??= findOut(found, seen)
      return false
    },
    wrote(replicas) {
      expected = replicas
    },
    contest: () => contestOf(heard, clock.now()),
    forget,
    async idle() {
      await asking
    },
  }
}

/** The replicas of a kind whose place for them is known. */
function countIn({ kind }: Found, object: Resource | undefined): number | undefined {
  if (kind.group !== 'apps' || object === undefined) return undefined
  // what the API server calls a Deployment or a StatefulSet
  return (object as Workload).spec?.replicas
}
