import type { Clock } from '../clock.ts'
import type { Resolved } from './resolve.ts'
import type { Shared } from './shared.ts'
import { createTargetPods, type PodCount, type Target } from './target-pods.ts'
import { createUsage, unmeasured, type Measured } from './usage.ts'

export type MeasuringParts = Pick<Shared, 'cluster' | 'followPods' | 'engine' | 'podMetrics'> & {
  readonly clock: Clock
  /** Something is known now that was not. */
  known(): void
  /** The metrics API has answered. */
  answered(): void
  /** Pods cannot be counted, and why. */
  warn(note: string): void
}

/** What is known of the pods of one target. Nothing is followed or asked before it is wanted, nor long after. */
export interface Measuring {
  /** Undefined while they cannot be counted. */
  count(of: Target): PodCount | undefined
  /** cpu and memory, one for each trigger, in their order. */
  usage(resolved: Resolved, replicas: number): readonly Measured[]
  /** Called at every look at the workload. */
  tidy(): void
  release(): void
}

export function createMeasuring(parts: MeasuringParts, signal: AbortSignal): Measuring {
  const pods = createTargetPods(parts, signal)
  const usage = createUsage({ ...parts, scaler: parts.podMetrics, pods })
  return {
    count: (of) => pods.count(of),
    usage: (resolved, replicas) =>
      replicas === 0 ? unmeasured(resolved.resources, 'no replica runs') : usage.look(resolved),
    tidy() {
      usage.tidy()
      pods.tidy()
    },
    release() {
      usage.release()
      pods.release()
    },
  }
}
