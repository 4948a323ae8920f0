import { crds } from './crds.ts'
import { hasDefault, type Shape } from './conform.ts'

/** The metadata schema of each trigger type there is. */
export type TriggerSchemas = ReadonlyMap<string, object>

const draft = 'https://json-schema.org/draft/2020-12/schema'

/** The kinds there are schemas of. */
export const schemaKinds = (): readonly string[] => crds().map(({ spec }) => spec.names.kind)

/** JSON Schema (2020-12) of manifests of one kind, or of all four by their `kind`, for editors. */
export function jsonSchemaOf(kind: string | undefined, triggers: TriggerSchemas): object {
  const of = (wanted: string): object => objectSchema(wanted, triggers)
  if (kind !== undefined) return { $schema: draft, ...of(kind) }
  const kinds = schemaKinds()
  return {
    $schema: draft,
    type: 'object',
    required: ['apiVersion', 'kind'],
    // a file may hold other objects beside them
    allOf: kinds.map((one) => ({
      if: { properties: { kind: { const: one } }, required: ['kind'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
      then: of(one),
    })),
  }
}

function objectSchema(kind: string, triggers: TriggerSchemas): object {
  const crd = crds().find(({ spec }) => spec.names.kind === kind)
  const root: Shape = crd?.spec.versions[0]?.schema.openAPIV3Schema ?? {}
  return {
    title: kind,
    description: root.description,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { const: 'keda.sh/v1alpha1' },
      kind: { const: kind },
      metadata,
      spec: translated(root.properties?.['spec'] ?? {}, triggers),
      status: { type: 'object' },
    },
    additionalProperties: false,
  }
}

const words = { type: 'object', additionalProperties: { type: 'string' } }
const metadata = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Its name.' },
    namespace: { type: 'string', description: 'Its namespace.' },
    labels: words,
    annotations: words,
  },
  anyOf: [{ required: ['name'] }, { required: ['generateName'] }],
}

/** A structural schema in the words of JSON Schema. What only an API server understands is left out. */
function translated(shape: Shape, triggers: TriggerSchemas): object {
  const { properties, items, additionalProperties: more } = shape
  if (shape['x-kubernetes-int-or-string'])
    return { ...plain(shape), type: ['integer', 'string'], pattern: shape.pattern }
  const inner = (one: Shape): object => translated(one, triggers)
  const members =
    properties &&
    Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [
        name,
        name === 'triggers' && one.items ? triggersSchema(one, triggers) : inner(one),
      ]),
    )
  return {
    ...plain(shape),
    ...(members && { properties: members }),
    ...(typeof more === 'object' && { additionalProperties: inner(more) }),
    ...(members &&
      !shape['x-kubernetes-preserve-unknown-fields'] && { additionalProperties: false }),
    ...(items && { items: inner(items) }),
  }
}

const kept = [
  'description',
  'type',
  'enum',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'pattern',
] as const

function plain(shape: Shape): object {
  const own = kept.flatMap((word) => (shape[word] === undefined ? [] : [[word, shape[word]]]))
  const required = shape.required?.filter((key) => !hasDefault(shape, key))
  return { ...Object.fromEntries(own), ...(required && { required }) }
}

/** Each trigger, whose metadata depend on its type. Types there is no scaler for are let pass: the linter names them. */
function triggersSchema(shape: Shape, triggers: TriggerSchemas): object {
  const item: Shape = shape.items ?? {}
  const { type, ...others } = item.properties ?? {}
  const plainItem = translated({ ...item, properties: others }, triggers)
  const cases = [...triggers].map(([name, schema]) => ({
    if: { properties: { type: { const: name } }, required: ['type'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
    then: { properties: { metadata: schema } },
  }))
  const inside: Readonly<Record<string, unknown>> = { ...plainItem }
  return {
    ...plain(shape),
    items: {
      ...plainItem,
      properties: {
        type: {
          description: type?.description,
          // offered by editors, and any other text
          anyOf: [
            ...(triggers.size > 0 ? [{ enum: [...triggers.keys()] }] : []),
            { type: 'string', minLength: 1 },
          ],
        },
        ...Object(inside['properties']),
      },
      ...(cases.length > 0 && { allOf: cases }),
    },
  }
}
