import { find, initialConditions, merge } from '../core/conditions.ts'
import { apiVersionOf, type Kind } from '../kinds.ts'
import type { Open } from '../open.ts'
import type { Condition, Resource } from '../resources.ts'
import type { Happening } from './events.ts'
import { createPublisher, type Publisher } from './publish.ts'
import type { Shared } from './shared.ts'
import type { Fields } from './status.ts'

export interface TellingParts<T> {
  readonly shared: Shared
  readonly kind: Kind<T & Resource>
  readonly first: T
  /** Before anything is taken. */
  readonly conditions: readonly Condition[]
  /** The status as it should be; undefined while none is to be written. */
  readonly want: () => Fields | undefined
  /** A condition has changed. */
  readonly turned: (before: Condition | undefined, now: Condition) => void
}

/** How users are told of one object: by conditions, events and status. In shadow mode nothing is written. */
export interface Telling<T> {
  readonly conditions: readonly Condition[]
  /** Writes the status where it differs, soon after it was poked. */
  readonly publisher: Publisher<T>
  /** Lays changes over the conditions. */
  take(changes: readonly Condition[]): void
  emit(what: Happening): void
  /** The mirror, or a write, has this version of the object. */
  observe(object: T): void
}

export function createTelling<T extends Resource & { readonly status?: object }>(
  { shared, kind, first, want, turned, ...parts }: TellingParts<T>,
  signal: AbortSignal,
): Telling<T> {
  let object = first

  const emit = (what: Happening): void => {
    if (!shared.writes()) return
    const { metadata } = object
    shared.events.emit({ apiVersion: apiVersionOf(kind), kind: kind.kind, metadata }, what)
  }

  const publisher = createPublisher(
    shared,
    kind,
    first,
    () => (shared.writes() && object.metadata.deletionTimestamp === undefined ? want() : undefined),
    (note) => emit({ type: 'Warning', reason: `${kind.kind}UpdateFailed`, note }),
    signal,
  )

  const telling: Open<Telling<T>> = {
    conditions: parts.conditions,
    publisher,
    take(changes) {
      const before = telling.conditions
      const next = merge(before, changes)
      if (next === before) return
      telling.conditions = next
      for (const condition of next) {
        const old = find(before, condition.type)
        if (condition !== old) turned(old, condition)
      }
      publisher.poke()
    },
    emit,
    observe(next) {
      object = next
      publisher.observe(next)
    },
  }
  return telling
}

/** The conditions an object starts with: those that are stored, where they are whole. */
export const conditionsOf = ({
  status,
}: {
  readonly status?: { readonly conditions?: readonly Condition[] }
}): readonly Condition[] => {
  const stored = status?.conditions ?? []
  return initialConditions.every((c) => find(stored, c.type)) ? stored : initialConditions
}
