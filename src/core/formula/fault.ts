/** What is wrong: the text, a type in it, a value it meets, a number too large, or the bounds that keep it quick. */
export type FaultKind = 'source' | 'type' | 'value' | 'overflow' | 'limit'

/** Why a formula cannot be compiled or has no value. Never leaves this folder: what leaves it is data. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly kind: FaultKind
  /** Place in the source, where one is to blame. */
  readonly at: number | undefined

  constructor(kind: FaultKind, message: string, at?: number) {
    super(message)
    this.kind = kind
    this.at = at
  }
}

/** What is wrong with the text, at that place of it. */
export const wrong = (at: number, message: string): Fault => new Fault('source', message, at)

/** What the formula may not say there, well written as it is. */
export const mistyped = (at: number, message: string): Fault => new Fault('type', message, at)

/** A value that the operation is not defined on. */
export const unfit = (message: string): Fault => new Fault('value', message)
