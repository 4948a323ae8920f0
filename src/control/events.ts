import { rfc3339, within, type Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { reasonOf } from '../errors.ts'
import { apiVersionOf, kinds } from '../kinds.ts'
import { limit } from '../limit.ts'
import type { Log } from '../log.ts'
import type { Resource } from '../resources.ts'

/** What happened to an object, in KEDA's words (keda-behaviour.md 2.11). */
export interface Happening {
  readonly reason: string
  readonly type: 'Normal' | 'Warning'
  readonly note: string
}

/** Tells users through Kubernetes events. Never waits and never fails its caller: an event that is lost is logged. */
export interface Events {
  emit(
    regarding: Resource & { readonly kind: string; readonly apiVersion: string },
    what: Happening,
  ): void
  /**
   * Waits a moment for the events under way; `signal` then gives up the others. An API server that hangs must hold up neither
   * the end nor, where the Lease was lost, the next term.
   */
  close(): Promise<void>
}

/** How long the same is not told again (ms): a failure may come with every try, a turn of things comes once each time. */
const quietFor = { Warning: 600_000, Normal: 5_000 } as const

/** The API server cuts or refuses more. */
const longestNote = 1_000
/** How long events under way are waited for at the end (ms). */
const patience = 1_000
/** Events waiting to be sent; in a storm the oldest matter most, so later ones are dropped and counted. */
const longestQueue = 1_000

/** Sends events one by one at most `concurrency` at a time; the same warning is not repeated for ten minutes. */
export function createEvents(
  cluster: Cluster,
  clock: Clock,
  instance: string,
  log: Pick<Log, 'warn'>,
  signal: AbortSignal,
): Events {
  const limited = limit(4)
  const recent = new Map<string, number>()
  const pending = new Set<Promise<void>>()
  let serial = 0

  const repeated = (key: string, quiet: number): boolean => {
    const now = clock.now()
    const before = recent.get(key)
    if (before !== undefined && now - before < quiet) return true
    recent.delete(key)
    recent.set(key, now)
    if (recent.size > longestQueue) recent.delete(recent.keys().next().value ?? '')
    return false
  }

  return {
    emit(regarding, what) {
      const { name, uid } = regarding.metadata
      // events about what is in no namespace are kept in this one
      const namespace = regarding.metadata.namespace ?? 'default'
      const note = what.note.slice(0, longestNote)
      if (
        pending.size >= longestQueue ||
        repeated(`${uid ?? name}/${what.reason}/${note}`, quietFor[what.type])
      )
        return
      const at = clock.now()
      const send = limited(() =>
        cluster.create(
          kinds.event,
          {
            apiVersion: apiVersionOf(kinds.event),
            kind: 'Event',
            metadata: {
              namespace,
              name: `${name}.${Math.floor(at).toString(16)}${(serial++).toString(16)}`,
            },
            eventTime: rfc3339(at).replace('Z', '.000000Z'),
            reportingController: 'keda-operator',
            reportingInstance: instance,
            action: what.reason,
            reason: what.reason,
            type: what.type,
            note,
            regarding: {
              apiVersion: regarding.apiVersion,
              kind: regarding.kind,
              namespace,
              name,
              ...(uid !== undefined && { uid }),
            },
          },
          signal,
        ),
      ).then(
        () => undefined,
        (error: unknown) => {
          if (!signal.aborted)
            log.warn(
              { object: `${namespace}/${name}`, reason: what.reason, error: reasonOf(error) },
              'event lost',
            )
        },
      )
      pending.add(send)
      void send.then(() => pending.delete(send))
    },
    async close() {
      await within(Promise.all(pending), patience, clock, signal)
      if (pending.size > 0) log.warn({ events: pending.size }, 'events lost: no answer in time')
    },
  }
}
