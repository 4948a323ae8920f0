import type { Claim } from './attempt.ts'
import type { Holder } from './record.ts'

/** Each is called once per change and must not throw. */
export interface LeaseHandlers {
  readonly onWon: () => void
  /** The Lease is no longer ours: stop at once whatever it guards. Not called when the signal aborts. */
  readonly onLost: (why: string) => void
  /** Someone else holds the Lease now, or nobody does (undefined). */
  readonly onHolder?: (holder: Holder | undefined) => void
  /** The Lease cannot be read, followed or written, for this reason; undefined when it can again. */
  readonly onTrouble?: (why: string | undefined) => void
}

export interface News {
  /** What went wrong with the last attempt; undefined when nothing did. */
  trouble(why: string | undefined): void
  /** Why the Lease cannot be followed; undefined when it can. */
  blind(why: string | undefined): void
  /** Looks whether the Lease has changed hands. */
  holder(): void
  /** Why the Lease is not ours. */
  why(): string
}

/** Tells the handlers of what has changed since they were told last. */
export function changes(handlers: LeaseHandlers, lease: Pick<Claim, 'holder'>): News {
  let trouble: string | undefined
  let blind: string | undefined
  let told: string | undefined
  let holder: string | undefined
  const tell = (): void => {
    const why = trouble ?? blind
    if (why === told) return
    told = why
    handlers.onTrouble?.(why)
  }
  return {
    trouble(why) {
      trouble = why
      tell()
    },
    blind(why) {
      blind = why
      tell()
    },
    holder() {
      const now = lease.holder?.identity
      if (now === holder) return
      holder = now
      handlers.onHolder?.(lease.holder)
    },
    why: () => trouble ?? `it is held by ${holder ?? 'nobody'}`,
  }
}
