import { apiVersionOf } from '../kinds.ts'
import { builtinRules } from './builtin.ts'
import type { Definition } from './custom.ts'
import { customRules } from './custom.ts'
import type { Rule } from './rule.ts'
import { kindId } from './rule.ts'

/** Finds the rule of a kind by its resource or by its name. */
export interface Rules {
  byPlural(kind: { readonly group: string; readonly plural: string }): Rule | undefined
  byName(apiVersion: string, kind: string): Rule | undefined
  all(): readonly Rule[]
  /** Adds a custom resource, or replaces what was known of it. */
  add(definition: Definition): void
}

export function createRules(definitions: readonly Definition[]): Rules {
  const known = new Map(builtinRules.map((rule) => [kindId(rule.kind), rule]))
  const add = (definition: Definition): void => {
    for (const rule of customRules(definition)) known.set(kindId(rule.kind), rule)
  }
  for (const definition of definitions) add(definition)
  return {
    byPlural: (kind) => known.get(kindId(kind)),
    byName: (apiVersion, name) =>
      [...known.values()].find(
        ({ kind }) => apiVersionOf(kind) === apiVersion && kind.kind === name,
      ),
    all: () => [...known.values()],
    add,
  }
}
