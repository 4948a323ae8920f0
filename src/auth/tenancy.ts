import { annotation } from '../core/annotations.ts'
import { parseEndpoints, type Within } from '../endpoints.ts'
import type { TriggerAuthentication } from '../resources.ts'

/** Namespaces whose workloads may use a ClusterTriggerAuthentication: names, or the beginning of names with a star. */
export const allowedNamespaces = annotation('allowed-namespaces')
/** Where what an authentication gives may be sent, in the form of `--allowed-endpoints`. */
export const allowedEndpoints = annotation('allowed-endpoints')

/**
 * Whether an authentication may be used in a namespace, and where its parameters may go. An annotation that cannot be read
 * allows nothing, and an empty one nothing either.
 */
export function limitsOf(
  kind: string,
  { metadata }: TriggerAuthentication,
  namespace: string,
): { readonly within: Within | undefined } | { readonly problem: string } {
  const what = `${kind} ${metadata.name}`
  const namespaces = metadata.annotations?.[allowedNamespaces]
  if (namespaces !== undefined && metadata.namespace === undefined) {
    const words = namespaces.split(/[\s,]+/).filter(Boolean)
    if (!words.some((word) => matches(word, namespace)))
      return {
        problem: `${what} may not be used in namespace ${namespace}: its annotation ${allowedNamespaces} names ${words.join(', ') || 'none'}; have it added there, or use another`,
      }
  }
  const endpoints = metadata.annotations?.[allowedEndpoints]
  if (endpoints === undefined) return { within: undefined }
  const parsed = parseEndpoints(endpoints)
  if ('problem' in parsed)
    return { problem: `annotation ${allowedEndpoints} of ${what}: ${parsed.problem}` }
  return { within: { endpoints: parsed, by: `annotation ${allowedEndpoints} of ${what}` } }
}

const matches = (word: string, namespace: string): boolean =>
  word.endsWith('*') ? namespace.startsWith(word.slice(0, -1)) : namespace === word
