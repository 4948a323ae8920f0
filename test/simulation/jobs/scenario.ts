import type { ScaledJob } from '../../../src/resources.ts'
import type { Event, Queue, SourceFault } from '../scenario.ts'

/** A queue that Jobs take messages from. */
export interface WorkQueue {
  readonly name: string
  readonly source: string
  /** Times (ms from the start) at which messages arrive. */
  readonly arrivals: readonly { readonly at: number; readonly count: number }[]
  /** Whether a message that is worked on still counts, as the strategies default and custom take for granted. */
  readonly countsTaken: boolean
  /** How long one message is worked on, ms. */
  readonly takes: number
  /** The share of messages whose Job fails; the message goes back. */
  readonly fails: number
  /** How many messages one Job takes at most. */
  readonly perJob: number
}

/** What happens with ScaledJobs in one simulation. */
export interface JobScenario {
  readonly queues: readonly WorkQueue[]
  readonly objects: readonly ScaledJob[]
  readonly faults: readonly SourceFault[]
  readonly events: readonly Event[]
  /** From the placing of a pod to its start, ms. */
  readonly podStart: number
}

export const noJobs: JobScenario = {
  queues: [],
  objects: [],
  faults: [],
  events: [],
  podStart: 1_000,
}

/** As a source sees it before anything has arrived. */
export const asQueue = ({ name, source }: WorkQueue): Queue => ({ name, source, lengths: [] })
