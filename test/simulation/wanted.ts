import type { Resource, TriggerSpec } from '../../src/resources.ts'
import { parametersOf } from './scenario.ts'

/** Which queries the workloads of one process ask for: what none asks for is forgotten. */
export interface Wanted {
  /** The process was given this version of an object. */
  saw(object: Resource, now: number): void
  /** When it was last asked for by none; undefined where it never was. */
  droppedAt(query: string): number | undefined
}

export function createWanted(): Wanted {
  const queries = new Map<string, readonly string[]>()
  const dropped = new Map<string, number>()
  return {
    saw(object, now) {
      const { kind, metadata } = object
      const key = `${kind} ${metadata.name}`
      const before = queries.get(key) ?? []
      const asks = asksFor(object)
      // most of what is seen is no workload, or asks for the same as before
      if (asks.join() === before.join()) return
      queries.set(key, asks)
      const still = new Set([...queries.values()].flat())
      for (const query of before) if (!still.has(query)) dropped.set(query, now)
    },
    droppedAt: (query) => dropped.get(query),
  }
}

/** What is paused as a whole, or goes, asks for nothing. */
function asksFor({ metadata, ...object }: Resource): readonly string[] {
  const paused = ['paused', 'paused-replicas'].some(
    (key) => metadata.annotations?.[`autoscaling.keda.sh/${key}`] !== undefined,
  )
  if (paused || metadata.deletionTimestamp !== undefined) return []
  // only workloads have triggers
  const { spec } = object as { readonly spec?: { readonly triggers?: readonly TriggerSpec[] } }
  return (spec?.triggers ?? []).map((trigger) => parametersOf(trigger).query)
}
