import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { elect, type Elector, type LeaseOptions } from '../lease.ts'
import type { Log } from '../log.ts'
import type { Fence } from './fence.ts'
import type { Leadership } from './leadership.ts'

export interface ElectionParts extends LeaseOptions {
  /** Not behind the fence: the Lease itself is written by it. */
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly leadership: Pick<Leadership, 'lead'>
  /** Called after the loops were told to start. */
  readonly onWon: () => void
  readonly signal: AbortSignal
}

/** Tries for the Lease, starts the loops when it is won and ends them when it is lost. */
export function holdElection(parts: ElectionParts): Elector {
  const { cluster, clock, log, leadership, identity, onWon, signal } = parts
  return elect(
    cluster,
    clock,
    parts,
    {
      onWon() {
        leadership.lead(true)
        onWon()
      },
      onLost(why) {
        log.warn({ why }, 'the Lease is lost')
        leadership.lead(false)
      },
      onHolder(holder) {
        if (holder?.identity !== identity)
          log.info({ leader: holder?.identity, address: holder?.address }, 'who leads')
      },
      onTrouble: (why) =>
        why === undefined ? log.info('the Lease is in order') : log.warn({ why }, 'Lease'),
    },
    signal,
  )
}

/**
 * Asked to end, this replica stops writing and gives the Lease back at once, so that another one may decide; it goes on
 * answering what it knows until that one has taken over and no client is sent here any more.
 */
export async function handOver(
  delay: number,
  clock: Clock,
  fenced: Fence,
  elector: Elector | undefined,
): Promise<void> {
  const answered = clock.sleep(delay, new AbortController().signal)
  await fenced.shut()
  // an API server that does not answer delays the end no further; `close` tries once more
  void elector?.resign()
  await answered
}
