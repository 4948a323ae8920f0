import { rfc3339 } from '../clock.ts'
import type { Stored } from './json.ts'
import { treeAt } from './json.ts'
import type { Rule } from './rule.ts'

/** Finalizers keep the object. */
export const held = (object: Stored): boolean => (object.metadata.finalizers ?? []).length > 0

/** The pod has been told to stop and may still run. */
export const waitsForGrace = ({ metadata }: Stored): boolean =>
  (metadata.deletionGracePeriodSeconds ?? 0) > 0

/** Seconds a pod on a node is given to end by itself. */
export function graceOf(rule: Rule, object: Stored): number {
  if (rule.kind.plural !== 'pods' || treeAt(object, 'spec')['nodeName'] === undefined) return 0
  const { phase } = treeAt(object, 'status')
  if (phase === 'Succeeded' || phase === 'Failed') return 0
  return Number(treeAt(object, 'spec')['terminationGracePeriodSeconds'] ?? 30)
}

/** An object whose deletion has begun. */
export function marked(object: Stored, now: number, grace: number): Stored {
  const { generation, deletionTimestamp } = object.metadata
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(generation === undefined || deletionTimestamp !== undefined
        ? {}
        : { generation: generation + 1 }),
      deletionTimestamp: deletionTimestamp ?? rfc3339(now + grace * 1000),
      deletionGracePeriodSeconds: grace,
    },
  }
}
