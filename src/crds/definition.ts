import type { Resource } from '../resources.ts'
import type { Schema } from './schema.ts'

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly priority?: number
}

export interface CustomResourceDefinition extends Resource {
  readonly apiVersion: 'apiextensions.k8s.io/v1'
  readonly kind: 'CustomResourceDefinition'
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: {
      readonly kind: string
      readonly listKind: string
      readonly plural: string
      readonly singular: string
      readonly shortNames: readonly string[]
    }
    readonly versions: readonly {
      readonly name: string
      readonly served: true
      readonly storage: true
      readonly subresources: { readonly status: object }
      readonly additionalPrinterColumns: readonly PrinterColumn[]
      readonly schema: { readonly openAPIV3Schema: Schema }
    }[]
  }
}

/** What tells one of the four kinds from the others. */
export interface Definition {
  readonly kind: string
  readonly description: string
  readonly shortNames: readonly string[]
  readonly scope?: 'Cluster'
  readonly columns: readonly PrinterColumn[]
  readonly spec: Schema
  readonly status: Schema
  /** KEDA's ScaledJob alone does not demand a spec. */
  readonly specOptional?: true
}

export const column = (
  name: string,
  jsonPath: string,
  type: PrinterColumn['type'] = 'string',
): PrinterColumn => ({ name, type, jsonPath })

/** Columns that show the status of conditions. */
export const conditionColumns = (...types: readonly string[]): readonly PrinterColumn[] =>
  types.map((type) => column(type, `.status.conditions[?(@.type=="${type}")].status`))

export const ageColumn = column('Age', '.metadata.creationTimestamp', 'date')

/** The definition as the API server takes it: group keda.sh, version v1alpha1, with a status subresource. */
export function define(d: Definition): CustomResourceDefinition {
  const singular = d.kind.toLowerCase()
  const plural = `${singular}s`
  const names = {
    kind: d.kind,
    listKind: `${d.kind}List`,
    plural,
    singular,
    shortNames: d.shortNames,
  }
  const schema: Schema = {
    description: d.description,
    type: 'object',
    ...(d.specOptional ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: {
        type: 'string',
        description: 'Group and version of this object: keda.sh/v1alpha1.',
      },
      kind: { type: 'string', description: `The kind of this object: ${d.kind}.` },
      metadata: { type: 'object' },
      spec: d.spec,
      status: d.status,
    },
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.keda.sh` },
    spec: {
      group: 'keda.sh',
      scope: d.scope ?? 'Namespaced',
      names,
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: d.columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  }
}
