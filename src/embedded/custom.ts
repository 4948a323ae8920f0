import type { Tree } from './json.ts'
import { isTree, valueAt } from './json.ts'
import type { Rule } from './rule.ts'
import type { Schema } from './schema.ts'
import { problems, shaped } from './schema.ts'

/** As much of an apiextensions.k8s.io/v1 CustomResourceDefinition as the embedded cluster reads. */
export interface Definition {
  readonly spec: {
    readonly group: string
    readonly scope: string
    readonly names: { readonly kind: string; readonly plural: string }
    readonly versions: readonly {
      readonly name: string
      readonly schema?: { readonly openAPIV3Schema?: Schema }
      readonly subresources?: {
        readonly status?: object
        readonly scale?: {
          readonly specReplicasPath: string
          readonly statusReplicasPath: string
          readonly labelSelectorPath?: string
        }
      }
    }[]
  }
}

/** The rules of all versions of a custom resource. */
export function customRules({ spec }: Definition): readonly Rule[] {
  return spec.versions.map((version) => {
    const { openAPIV3Schema: schema } = version.schema ?? {}
    const { status, scale } = version.subresources ?? {}
    return {
      kind: {
        group: spec.group,
        version: version.name,
        kind: spec.names.kind,
        plural: spec.names.plural,
        namespaced: spec.scope !== 'Cluster',
      },
      status: status !== undefined,
      generation: true,
      unconditional: false,
      scale: scale && {
        replicas: pathOf(scale.specReplicasPath),
        status: pathOf(scale.statusReplicasPath),
        selector: (object) => {
          const text = scale.labelSelectorPath && valueAt(object, pathOf(scale.labelSelectorPath))
          return typeof text === 'string' ? text : undefined
        },
      },
      complete: schema ? (object) => customComplete(object, schema) : (object) => object,
      problems: schema ? (object) => problems(customBody(object), schema) : () => [],
    }
  })
}

/** `.spec.replicas` as steps. */
const pathOf = (text: string): readonly string[] => text.split('.').filter((step) => step !== '')

/** A custom resource without what the API server itself looks after. */
const customBody = (object: Tree): Tree => ({ ...object, metadata: {} })

function customComplete(object: Tree, schema: Schema): Tree {
  const { apiVersion, kind, metadata, ...body } = object
  const pruned = shaped(body, schema)
  return { apiVersion, kind, metadata, ...(isTree(pruned) ? pruned : {}) }
}
