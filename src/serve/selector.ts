import { failure } from '../errors.ts'

/** The label by which an HPA says whose metric it wants. */
export const ownerLabel = 'scaledobject.keda.sh/name'

const label = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/
const key =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

/**
 * The ScaledObject's name out of a label selector, by KEDA's rule (pkg/provider): plain `k=v` pairs only, joined by
 * commas, every pair valid; other keys are ignored. Fails with SELECTOR_INVALID or SCALEDOBJECT_UNNAMED.
 */
export function scaledObjectOf(selector: string, metric: string): string {
  let name = ''
  for (const pair of selector === '' ? [] : selector.split(',')) {
    const [k = '', v, ...more] = pair.split('=').map((part) => part.trim())
    const why = problem(k, v, more)
    if (why !== undefined)
      throw failure('SELECTOR_INVALID', { selector: selector.slice(0, 300), why })
    if (k === ownerLabel) name = v ?? ''
  }
  if (name === '') throw failure('SCALEDOBJECT_UNNAMED', { metric })
  return name
}

function problem(k: string, v: string | undefined, more: readonly string[]): string | undefined {
  if (v === undefined || more.length > 0) return 'only pairs of the form key=value are taken'
  if (!key.test(k)) return `"${k.slice(0, 80)}" is no label key`
  if (!label.test(v)) return `"${v.slice(0, 80)}" is no label value`
  return undefined
}
