/** A structural schema of Kubernetes' apiextensions v1, as far as Ebb's resources need it. */
export interface Schema {
  readonly description?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly format?: 'int32' | 'int64' | 'date-time'
  readonly enum?: readonly string[]
  readonly default?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string
    readonly message: string
    readonly fieldPath?: string
  }[]
}

export type Fields = Readonly<Record<string, Schema>>

export const text = (description: string, more: Schema = {}): Schema => ({
  description,
  type: 'string',
  ...more,
})

export const choice = (description: string, values: readonly string[], more: Schema = {}): Schema =>
  text(description, { enum: values, ...more })

export const time = (description: string): Schema => text(description, { format: 'date-time' })

/** API servers do not look at the format, and what is beyond it could not be read by anybody who does. */
export const int32 = (description: string, more: Schema = {}): Schema => ({
  description,
  type: 'integer',
  format: 'int32',
  minimum: -(2 ** 31),
  maximum: 2 ** 31 - 1,
  ...more,
})

export const int64 = (description: string): Schema => ({
  description,
  type: 'integer',
  format: 'int64',
})

export const flag = (description: string): Schema => ({ description, type: 'boolean' })

/** A number or a Kubernetes quantity in a string; the pattern is the one Kubernetes itself generates. */
export const quantity = (description: string): Schema => ({
  description,
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
})

export const list = (description: string, items: Schema, more: Schema = {}): Schema => ({
  description,
  type: 'array',
  items,
  ...more,
})

/** A list that server-side apply merges by the name of its items. */
export const named = (description: string, items: Schema): Schema =>
  list(description, items, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  })

export const map = (description: string, additionalProperties: Schema): Schema => ({
  description,
  type: 'object',
  additionalProperties,
})

/** An object with the fields it must and those it may have; all others are pruned. */
export const object = (
  description: string,
  required: Fields,
  optional: Fields = {},
  more: Schema = {},
): Schema => ({
  description,
  type: 'object',
  ...(Object.keys(required).length > 0 ? { required: Object.keys(required) } : {}),
  properties: { ...required, ...optional },
  ...more,
})

/** An object whose other fields are kept as they are and judged by whoever gets it. */
export const open = (description: string, required: Fields = {}, optional: Fields = {}): Schema =>
  object(description, required, optional, { 'x-kubernetes-preserve-unknown-fields': true })
