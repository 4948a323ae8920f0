import { InvalidArgumentError } from 'commander'

/** A whole number within bounds, for commander. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }

/** Collects an option that may be given several times. */
export const several = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
]

/** NAMESPACE/NAME. */
export function objectName(text: string): { readonly namespace: string; readonly name: string } {
  const found = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-a-z0-9.]*)$/.exec(text)
  if (!found?.[1] || !found[2]) {
    throw new InvalidArgumentError('It must be NAMESPACE/NAME.')
  }
  return { namespace: found[1], name: found[2] }
}
