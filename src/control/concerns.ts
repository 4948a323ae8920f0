import type { Resource } from '../resources.ts'
import { same } from './status.ts'

/** Whether a change of a workload's object is for its reconciler; writes of its status are not. */
export const concerns = ({ metadata: a }: Resource, { metadata: b }: Resource): boolean =>
  a.generation !== b.generation ||
  a.deletionTimestamp !== b.deletionTimestamp ||
  !same(a.labels, b.labels) ||
  !same(a.annotations, b.annotations) ||
  !same(a.finalizers, b.finalizers)
