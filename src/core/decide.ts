/**
 * What is known of one trigger: `active` and `idle` come from a good sample, `failing` from an error, `unread` is a
 * trigger not sampled yet, `fallback` one that failed so often that the spec's stand-in took over.
 */
export type TriggerState = 'active' | 'idle' | 'failing' | 'unread' | 'fallback'

/** One trigger's part of the situation. */
export interface TriggerFacts {
  /** Metric name as the HPA asks for it, `s0-azure-queue-orders`. */
  readonly metric: string
  readonly type: string
  readonly state: TriggerState
  /** Raw value of the newest good sample. */
  readonly value: number | undefined
  readonly target: number
  /** When the newest good sample arrived (epoch ms). */
  readonly at: number | undefined
  /** Why it is failing; catalogue text, no secret. */
  readonly error: string | undefined
}

/**
 * Everything the decision depends on, as plain data that can be stored and decided again. Times are epoch milliseconds.
 * No key is optional, so a caller that forgets one does not compile.
 */
export interface Situation {
  readonly now: number
  readonly created: number
  readonly lastActive: number | undefined
  /** spec.replicas of the target. */
  readonly replicas: number
  readonly min: number
  readonly max: number
  readonly idle: number | undefined
  readonly cooldown: { readonly initial: number; readonly period: number }
  readonly triggers: readonly TriggerFacts[]
  /** Good samples older than this do not count towards lowering: the start, or the end of the last gap. */
  readonly freshSince: number
  readonly forced: boolean
  readonly paused: 'no' | 'in' | 'out' | 'both'
  /** `--hold`: no scale-in anywhere. */
  readonly hold: boolean
  readonly fallbackReplicas: number | undefined
}

export type ScaleReason = 'triggered' | 'forced' | 'quiet' | 'below-min'
export type StayReason =
  | 'paused'
  | 'held'
  | 'hpa-in-charge'
  | 'partly-failing'
  | 'failing-blind'
  | 'awaiting-fallback'
  | 'warming-up'
  | 'cooling-down'
  | 'settled'
export type Because = ScaleReason | StayReason

export type Decision =
  | { readonly scaleTo: number; readonly because: ScaleReason }
  | { readonly stay: true; readonly because: StayReason; readonly until: number | undefined }
