import type { ScalableKind } from '../cluster.ts'
import type { Tree } from './json.ts'

/** Where the /scale subresource of a kind finds its numbers. */
export interface ScalePaths {
  readonly replicas: readonly string[]
  readonly status: readonly string[]
  /** The selector as text; undefined where the kind has none. */
  readonly selector: (object: Tree) => string | undefined
}

/** How the API server treats the objects of one kind. */
export interface Rule {
  readonly kind: ScalableKind & { readonly namespaced: boolean }
  /** The kind has a status that only the status subresource writes. */
  readonly status: boolean
  /** The kind counts the changes of everything but metadata and status. */
  readonly generation: boolean
  /** A replace need not carry a resourceVersion. */
  readonly unconditional: boolean
  readonly scale: ScalePaths | undefined
  /** Pruned and defaulted. */
  readonly complete: (object: Tree) => Tree
  /** What is wrong with an object that is complete. */
  readonly problems: (object: Tree) => readonly string[]
}

/** The store's name of a kind; versions of one kind share their objects. */
export const kindId = (kind: { readonly plural: string; readonly group: string }): string =>
  `${kind.plural}.${kind.group}`
