import type { Pause } from '../core/pause.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import type { Alone } from './alone.ts'
import type { Asking } from './asking.ts'
import type { Decider } from './decider.ts'
import type { DemandOfWorkload } from './demand.ts'
import { hpaNameOf } from './hpa.ts'
import type { Measuring } from './measuring.ts'
import type { Whose } from './meter.ts'
import type { Resolved } from './resolve.ts'
import type { Shared } from './shared.ts'
import type { Standing } from './standing.ts'

/** What changes while the loop of a ScaledObject runs. */
export interface LoopState {
  object: ScaledObject
  /** As the object's annotations ask for it. */
  pause: Pause
  /** The spec as resolved; undefined while it cannot be followed. */
  resolved: Resolved | undefined
  /** When an HPA was made last. */
  hpaMade: number
}

/** What the parts of one ScaledObject's loop work with. What they do are functions over it: there are thousands of loops. */
export interface Loop {
  readonly state: LoopState
  /** Its `writes` is false too where the workload is in shadow by its annotation. */
  readonly shared: Shared
  /** Whether the process writes at all. */
  readonly processWrites: () => boolean
  readonly whose: Whose
  readonly created: number
  readonly standing: Standing
  readonly asking: Asking
  readonly demand: DemandOfWorkload
  readonly alone: Alone
  /** Of the target's pods; made for the few that need it. */
  readonly measuring: () => Measuring
  /** Nothing is measured from now on. */
  readonly unmeasure: () => void
  readonly decider: Decider
  readonly signal: AbortSignal
}

/** The HPA of the workload as the mirror has it. */
export const hpaNow = (loop: Loop): HorizontalPodAutoscaler | undefined => {
  const { state, shared, standing, whose } = loop
  return shared.findHpa(whose.namespace, standing.hpaName ?? hpaNameOf(state.object))
}
