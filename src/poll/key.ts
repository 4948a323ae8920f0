import { createHmac } from 'node:crypto'
import { connectionOf } from '../metadata/schema.ts'
import type { AnyScaler, Query } from '../scaler.ts'

/**
 * The key of the source a trigger reaches: its type, every field marked `connection` and the limits it is under, digested under `digestKey`, so that
 * it can be shown, compared and shared between replicas without giving away a secret that is part of it.
 */
export function sourceKey(
  scaler: AnyScaler,
  m: Readonly<Record<string, unknown>>,
  digestKey: Uint8Array,
  within?: string,
): string {
  const digest = createHmac('sha256', digestKey)
  const limits = within === undefined ? [] : [within]
  digest.update(canonical([scaler.type, connectionOf(scaler.fields, m), ...limits]))
  return `${scaler.type}/${digest.digest('base64url')}`
}

/** Equal for queries of equal content, whatever the order of their keys. */
export const queryKey = (query: Query): string => canonical(query)

/** One text per content: keys in order, absent and undefined alike, nothing that two contents could share. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value instanceof Map) return canonical(Object.fromEntries(value))
  const pairs = Object.entries(value).filter(([, content]) => content !== undefined)
  pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([name, content]) => `${JSON.stringify(name)}:${canonical(content)}`).join(',')}}`
}
