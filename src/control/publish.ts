import type { Clock } from '../clock.ts'
import { rfc3339 } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { coalesce, type Coalesced } from '../coalesce.ts'
import { storedHealth, type Health } from '../core/health.ts'
import { compositeMetric } from '../core/names.ts'
import { pauseOf } from '../core/pause.ts'
import { isFailure, reasonOf } from '../errors.ts'
import type { Kind } from '../kinds.ts'
import type { Log } from '../log.ts'
import type { Open } from '../open.ts'
import type { Condition, Resource, ScaledObject } from '../resources.ts'
import { distinct } from './settings.ts'
import { passing } from './shared.ts'
import { mergePatch, newer, type Fields } from './status.ts'
import { kindText } from './target.ts'
import type { Resolved } from './resolve.ts'

/** What a workload wants its status to say. Undefined fields are left as they are. */
export interface Wanted {
  readonly object: ScaledObject
  readonly resolved: Resolved | undefined
  readonly conditions: readonly Condition[]
  readonly activity: Readonly<Record<string, { readonly isActive: boolean }>> | undefined
  /** Epoch ms; written at activation and when activity ends. */
  readonly lastActive: number | undefined
  readonly hpaName: string | undefined
  /** Undefined without a fallback. */
  readonly health: Health | undefined
  /** The target's replicas before Ebb. */
  readonly original: number | undefined
}

/** The status fields of KEDA (keda-behaviour.md 1.4) as they should be. */
export function wantedStatus({ object, resolved, ...wanted }: Wanted): Fields {
  const { triggers } = object.spec
  return {
    ...(resolved && statusOfResolved(resolved)),
    pausedReplicaCount: pauseOf(object.metadata.annotations).replicas,
    ...(wanted.original !== undefined && { originalReplicaCount: wanted.original }),
    triggersTypes: distinct(triggers.map((t) => t.type)) || undefined,
    authenticationsTypes: distinct(triggers.map((t) => t.authenticationRef?.name)) || undefined,
    ...(resolved?.plans.length && { health: wanted.health && storedHealth(wanted.health) }),
    conditions: wanted.conditions,
    ...(wanted.activity && { triggersActivity: wanted.activity }),
    ...(wanted.lastActive !== undefined && { lastActiveTime: rfc3339(wanted.lastActive) }),
    hpaName: wanted.hpaName,
  }
}

function statusOfResolved({ kind, plans, resources, modifiers }: Resolved): Fields {
  return {
    scaleTargetKind: kindText(kind),
    scaleTargetGVKR: {
      group: kind.group,
      version: kind.version,
      kind: kind.kind,
      resource: kind.plural,
    },
    ...(plans.length + resources.length > 0 && {
      externalMetricNames: orNone(plans.flatMap((plan) => plan.metrics)),
      resourceMetricNames: orNone(namesOf(resources)),
      compositeScalerName: modifiers && compositeMetric,
    }),
  }
}

const orNone = (names: readonly string[]): readonly string[] | undefined =>
  names.length > 0 ? names : undefined

/** Those of whole pods; KEDA does not list those of one container. */
const namesOf = (resources: Resolved['resources']): readonly string[] =>
  resources.flatMap(({ metric }) => metric.resource?.name ?? [])

/** Waits this long (ms) for more changes before it writes: a new workload's first sample is a moment away. */
const gather = 150

export interface Publisher<T> extends Coalesced {
  /** The object as last read or written, whichever is newer. */
  readonly known: T
  /** Takes note of the object as the mirror has it; what it says otherwise than it should is written anew. */
  observe(object: T): void
  /** Writes these fields now; fails as the cluster does. */
  write(fields: Fields): Promise<void>
}

/** Writes an object's status where it differs from what is wanted, one patch at a time. */
export function createPublisher<T extends Resource & { readonly status?: object }>(
  { cluster, clock, log }: { readonly cluster: Cluster; readonly clock: Clock; readonly log: Log },
  kind: Kind<T>,
  first: T,
  want: () => Fields | undefined,
  /** The API server refuses the status. */
  refused: (why: string) => void,
  signal: AbortSignal,
): Publisher<T> {
  const { namespace = '', name } = first.metadata

  const take = (object: T): void => {
    if (!newer(publisher.known.metadata.resourceVersion, object.metadata.resourceVersion))
      publisher.known = object
  }

  // what is news here somebody else wrote, or this process did and never had the answer, or one before it while the mirror lagged
  const observe = (object: T): void => {
    const before = publisher.known
    take(object)
    if (publisher.known !== before) work.poke()
  }

  const write = async (status: Fields): Promise<void> => {
    const where = { subresource: 'status' } as const
    take(await cluster.patch(kind, { namespace, name }, { status }, where, signal))
  }

  const writeWanted = async (): Promise<void> => {
    const wanted = want()
    if (!wanted || signal.aborted) return
    const patch = mergePatch({ ...publisher.known.status }, wanted)
    if (!patch) return
    try {
      await write(patch)
      const rest = mergePatch({ ...publisher.known.status }, wanted) ?? {}
      // the answer shows other fields than were thought to be there; one that the server does not take is not sent for ever
      if (Object.keys(rest).some((field) => !(field in patch))) work.poke()
    } catch (error) {
      if (signal.aborted || isFailure(error, 'CLUSTER_NOT_FOUND')) return
      log.warn({ object: `${namespace}/${name}`, error: reasonOf(error) }, 'status not written')
      if (!isFailure(error, ...passing)) refused(reasonOf(error))
      await clock.sleep(5_000, signal).catch(() => undefined)
      work.poke()
    }
  }

  const work = coalesce(async () => {
    await clock.sleep(gather, signal).catch(() => undefined)
    await writeWanted()
  })

  const publisher: Open<Publisher<T>> = {
    known: first,
    observe,
    write,
    poke: work.poke,
    idle: work.idle,
  }
  return publisher
}
