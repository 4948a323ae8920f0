import type { Clock } from '../clock.ts'

/** Listens whether a watch still gives signs of life. */
export interface Ear {
  /** Aborts with the parent, or with the reason `silent` gives when nothing was heard for too long. */
  readonly signal: AbortSignal
  /** When something was heard last, epoch ms; at first, when listening began. */
  readonly heardAt: number
  heard(): void
  close(): void
}

/** One timer per watch, which looks back when it fires: events themselves arm nothing, for they may be thousands a second. */
export function listen(
  clock: Clock,
  silence: number,
  parent: AbortSignal,
  silent: () => Error,
): Ear {
  const own = new AbortController()
  let heardAt = clock.now()
  const follow = (): void => own.abort(parent.reason)
  const look = (): void => {
    const left = heardAt + silence - clock.now()
    if (left <= 0) own.abort(silent())
    else cancel = clock.after(left, look)
  }
  let cancel = clock.after(silence, look)
  if (parent.aborted) follow()
  parent.addEventListener('abort', follow, { once: true })
  return {
    signal: own.signal,
    get heardAt() {
      return heardAt
    },
    heard() {
      heardAt = clock.now()
    },
    close() {
      cancel()
      parent.removeEventListener('abort', follow)
    },
  }
}
