import type { ScaledJob, ScaledObject, TriggerSpec } from '../../src/resources.ts'
import type { JobScenario } from './jobs/scenario.ts'

/** One queue at a source and how long it truly is over time. */
export interface Queue {
  readonly name: string
  readonly source: string
  /** Lengths by the time (ms from the start) from which they hold; the first is at 0. */
  readonly lengths: readonly { readonly at: number; readonly length: number }[]
}

export type SourceFaultKind =
  | 'unreachable'
  | 'refused'
  | 'denied'
  | 'hang'
  | 'deaf'
  | 'slow'
  | 'throttled'
  | 'garbled'
  | 'amnesia'
export type QueueFaultKind = 'error' | 'empty' | 'nan' | 'infinite' | 'negative' | 'huge'

/** What goes wrong at a source (all of its queues) or at one queue, for a while. */
export interface SourceFault {
  readonly from: number
  readonly to: number
  readonly source: string
  readonly queue: string | undefined
  readonly kind: SourceFaultKind | QueueFaultKind
  /** Of `throttled`: the Retry-After, ms. Of `slow`: how long an answer takes, ms. */
  readonly amount: number
}

/** What happens to calls of the API server, for a while. Shares of calls, 0..1. */
export interface ApiFault {
  readonly from: number
  readonly to: number
  /** Only calls for objects of this kind. */
  readonly only?: string
  /** Nothing is reached. */
  readonly down: boolean
  readonly refused: number
  readonly throttled: number
  readonly conflict: number
  /** The write takes place, and its answer is lost. */
  readonly lostAnswer: number
  /** Up to so many ms for each call. */
  readonly lag: number
  /** Events of watches arrive so much later, ms. */
  readonly stale: number
}

/** Which replica of Ebb: the one in this place, or the one that leads. */
export type Who = number | 'owner'

/** Where several replicas run, `who` is the one it happens to; else the one that leads. */
export type Event = { readonly at: number; readonly who?: Who } & (
  | { readonly do: 'crash'; readonly downFor: number }
  /** Dies at the nth boundary of a call from here: before it takes place or after, without its answer. */
  | { readonly do: 'crash-at-call'; readonly calls: number; readonly downFor: number }
  | { readonly do: 'stop'; readonly downFor: number }
  /** The process is suspended: its timers stand still, what is under way at the server goes on. */
  | { readonly do: 'suspend'; readonly for: number }
  /** This one replica cannot reach the API server. */
  | { readonly do: 'partition'; readonly for: number }
  | { readonly do: 'cut-watches' | 'mute-watches' | 'compact' }
  | { readonly do: 'change'; readonly name: string; readonly patch: object }
  /** By hand, or by a controller of this name. */
  | { readonly do: 'scale'; readonly name: string; readonly replicas: number; readonly by?: string }
  | { readonly do: 'touch'; readonly name: string }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'create'; readonly object: ScaledObject }
  | { readonly do: 'change-job'; readonly name: string; readonly patch: object }
  | { readonly do: 'delete-job'; readonly name: string }
  | { readonly do: 'create-job'; readonly object: ScaledJob }
)

/** Nothing changes between these (faults may last throughout): once all has settled, nothing is written. */
export interface Calm {
  readonly from: number
  readonly to: number
}

/** Everything that happens in one simulation, as plain data made from its seed alone. Times in ms from the start. */
export interface Scenario {
  readonly seed: number
  readonly queues: readonly Queue[]
  readonly objects: readonly ScaledObject[]
  readonly jobs: JobScenario
  /** Replicas of each Deployment at first, by name. */
  readonly replicas: Readonly<Record<string, number>>
  readonly sourceFaults: readonly SourceFault[]
  readonly apiFaults: readonly ApiFault[]
  readonly events: readonly Event[]
  readonly calms: readonly Calm[]
  /** From here on all is well and still. */
  readonly settleFrom: number
  readonly end: number
  /** How many replicas of Ebb run at once. One that is alone holds no Lease. */
  readonly team: number
  /** How wrong the clocks of processes are, ms: each process gets one of these. */
  readonly skews: readonly number[]
}

/** The parameters of a trigger in a simulation, as they stand in its metadata. */
export interface TriggerParameters {
  readonly queue: string
  /** What is asked and answered as one: the two scalers ask the same queue apart. */
  readonly query: string
  readonly source: string
  readonly target: number
  readonly activation: number
  readonly ignoreEmpty: boolean
}

export const parametersOf = ({
  type,
  metadata = {},
}: Pick<TriggerSpec, 'type' | 'metadata'>): TriggerParameters => ({
  queue: metadata['queue'] ?? '',
  query: queryOf(type, metadata['queue'] ?? ''),
  source: metadata['source'] ?? '',
  target: Number(metadata['target'] ?? 5),
  activation: Number(metadata['activation'] ?? 0),
  ignoreEmpty: metadata['ignoreEmpty'] === 'true',
})

export const queryOf = (type: string, queue: string): string =>
  type === 'queue' ? queue : `${queue} by batch`

export const lengthAt = ({ lengths }: Queue, at: number): number => {
  let length = 0
  for (const step of lengths) if (step.at <= at) ({ length } = step)
  return length
}
