import type { Cluster } from '../cluster.ts'

/** One call of the port. */
export interface Call {
  readonly verb: Exclude<keyof Cluster, 'server' | 'close'>
  /** The plural of the kind it is about; of `resolve`, the kind's name. */
  readonly resource: string
  /** '' where the call is about no single object or the object has none. */
  readonly namespace: string
  readonly name: string
  /** The part of the object that is read or written; '' for the whole. */
  readonly subresource: '' | 'status' | 'scale' | 'token'
}

/**
 * What a simulation may do to calls of the port; the cluster's own controllers do not pass through here. A hook may wait
 * (on its own clock) or throw, which the caller sees as the call's failure.
 */
export interface Faults {
  /** Before anything is done: a refusal, an unreachable server, a slow network. For `watch`, when it is opened. */
  readonly before?: (call: Call, signal: AbortSignal) => void | Promise<void>
  /** After it is done and before the answer arrives: a write that took place and whose answer is lost. Not for `watch`. */
  readonly after?: (call: Call, signal: AbortSignal) => void | Promise<void>
}
