/**
 * Where a value may come from. The first three are KEDA's triggerMetadata, authParams and resolvedEnv;
 * `identity` is the pod identity of the TriggerAuthentication, `workload` the namespace and name of the workload.
 */
export type Provenance = 'trigger' | 'auth' | 'env' | 'identity' | 'workload'

/** The string maps a trigger is configured by. `env` is already resolved through the `<name>FromEnv` keys. */
export type Given = Readonly<Record<Provenance, Readonly<Record<string, string>>>>

export interface Field<T, C extends boolean = boolean> {
  readonly parse: (raw: string, name: string) => T
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'map' | 'duration'
  readonly doc: string
  /** In order: the first place with a value that is not blank wins. */
  readonly from: readonly Provenance[]
  readonly default: T | undefined
  readonly optional: boolean
  readonly choices: readonly string[] | undefined
  readonly aliases: readonly string[]
  readonly secret: boolean
  /** Part of what a source is reached by: enters the source's key and is handed to `open`. */
  readonly connection: C
}

export type Fields = Readonly<Record<string, Field<unknown>>>
export type Values<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]['parse']> }
/** Only the fields marked `connection: true`. */
export type ConnectionOf<F extends Fields> = {
  readonly [K in keyof F as F[K]['connection'] extends true ? K : never]: ReturnType<F[K]['parse']>
}
