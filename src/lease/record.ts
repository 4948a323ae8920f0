import { rfc3339Micro } from '../clock.ts'
import { annotation } from '../core/annotations.ts'
import type { Lease } from '../resources.ts'

/** Where the address of a Lease's holder is noted, for those who forward requests to it. */
export const addressAnnotation = annotation('address')

/** Who holds a Lease, as it says of itself. */
export interface Holder {
  readonly identity: string
  /** `host:port`; undefined where the holder gave none. */
  readonly address: string | undefined
}

/** Undefined for a Lease that nobody holds. */
export function holderOf(lease: Lease | undefined): Holder | undefined {
  const identity = lease?.spec?.holderIdentity
  if (lease === undefined || !identity) return undefined
  return { identity, address: lease.metadata.annotations?.[addressAnnotation] }
}

/** The Lease as its holder writes it. It counts one more transition whenever it changes hands. */
export function held(
  before: Lease | undefined,
  place: Place,
  me: Holder,
  duration: number,
  now: number,
): Lease {
  const was = before?.spec
  const mine = was?.holderIdentity === me.identity
  const time = rfc3339Micro(now)
  const annotations = {
    ...before?.metadata.annotations,
    ...(me.address !== undefined && { [addressAnnotation]: me.address }),
  }
  return {
    ...before,
    metadata: { ...place, ...before?.metadata, annotations },
    spec: {
      holderIdentity: me.identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(duration / 1000)),
      acquireTime: mine ? (was.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: (was?.leaseTransitions ?? 0) + (mine || was === undefined ? 0 : 1),
    },
  }
}

/** The Lease as its holder leaves it: free at once, without waiting for its end. */
export const released = (before: Lease, now: number): Lease => ({
  ...before,
  spec: {
    ...before.spec,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    renewTime: rfc3339Micro(now),
  },
})

export interface Place {
  readonly namespace: string
  readonly name: string
}
