import type { AuditEvent } from '../control-plane/start.ts'
import { account } from './look.ts'

/**
 * From each change that a user made to a ScaledObject to Ebb's next write of the scale of the Deployment of the same name (ms), in
 * the order of the changes; between the moments at which the API server received either. Infinity where no write followed.
 */
export function reactions(audit: readonly AuditEvent[], name: string): readonly number[] {
  const about = audit
    .filter(({ objectRef }) => objectRef?.namespace === 'default' && objectRef.name === name)
    .toSorted((a, b) => received(a) - received(b))
  const changes = about.filter(
    ({ verb, user, objectRef, responseStatus }) =>
      verb === 'patch' &&
      objectRef?.resource === 'scaledobjects' &&
      objectRef.subresource === undefined &&
      user.username !== account &&
      responseStatus?.code === 200,
  )
  const writes = about.filter(
    ({ verb, user, objectRef, responseStatus }) =>
      verb === 'update' &&
      objectRef?.resource === 'deployments' &&
      objectRef.subresource === 'scale' &&
      user.username === account &&
      responseStatus?.code === 200,
  )
  return changes.map((change) => {
    const write = writes.find((other) => received(other) >= received(change))
    return write ? received(write) - received(change) : Number.POSITIVE_INFINITY
  })
}

const received = (event: AuditEvent): number => Date.parse(event.requestReceivedTimestamp)
