import type { Clock } from '../../clock.ts'
import type { EbbError } from '../../errors.ts'
import { isFailure } from '../../errors.ts'

/** Whether another replica is to be asked: one that hangs would hold up for a second whoever reads. */
export interface Breaker {
  /** Why that address is not asked just now. Undefined where it may be; of one that fails, by one at a time. */
  held(address: string): EbbError | undefined
  /** Asks it, or fails at once with what it is held for. REPLICA_UNREACHABLE is a failure of it, all else an answer. */
  run<T>(address: string, ask: () => Promise<T>): Promise<T>
}

/** What is known of one address. */
interface Record {
  readonly address: string
  /** One after the other; several at once count as one. */
  failures: number
  failedAt: number
  why: EbbError | undefined
  probing: boolean
}

/** From so many failures on it is not asked by everybody, */
const patience = 3
/** but once so often (ms). */
const pause = 1_000

/** One address is asked at a time: that of the replica that leads. What is known of another one is forgotten. */
export function createBreaker(clock: Pick<Clock, 'now'>): Breaker {
  const fresh = (address: string): Record => ({
    address,
    failures: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    why: undefined,
    probing: false,
  })
  let known = fresh('')
  const of = (address: string): Record => {
    if (known.address !== address) known = fresh(address)
    return known
  }
  const heldOf = ({ failures, failedAt, probing, why }: Record): EbbError | undefined =>
    failures >= patience && (probing || clock.now() < failedAt + pause) ? why : undefined

  return {
    held: (address) => heldOf(of(address)),
    async run(address, ask) {
      const record = of(address)
      const held = heldOf(record)
      if (held) throw held
      const began = clock.now()
      const probes = record.failures >= patience
      record.probing = probes
      try {
        const answer = await ask()
        record.failures = 0
        return answer
      } catch (error) {
        if (!isFailure(error, 'REPLICA_UNREACHABLE')) record.failures = 0
        else if (began >= record.failedAt) {
          record.failures++
          record.failedAt = clock.now()
          record.why = error
        }
        throw error
      } finally {
        if (probes) record.probing = false
      }
    },
  }
}
