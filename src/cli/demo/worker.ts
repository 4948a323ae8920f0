import type { Clock } from '../../clock.ts'
import type { Pod } from '../../resources.ts'
import type { Queue } from './storage.ts'

/** Which queues a demo pod works off, comma-separated; put on the pod template of every workload of the demo. */
export const queuesAnnotation = 'demo.ebb.dev/queues'

const queuesOf = (pod: Pod): readonly string[] =>
  (pod.metadata.annotations?.[queuesAnnotation] ?? '').split(',').filter(Boolean)

/** How long one pod takes for one message of each of its queues (ms). */
const rhythm = 2_000

/** Pause between two messages of one queue, ended early when the pod must stop. */
const rest = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })

async function work(queues: readonly Queue[], clock: Clock, signal: AbortSignal): Promise<void> {
  const never = new AbortController().signal
  while (!signal.aborted) {
    const began = clock.now()
    // a message once received is also deleted: a pod that must stop finishes what it began
    for (const queue of queues) await queue.work(never)
    await rest(clock, Math.max(0, rhythm - (clock.now() - began)), signal)
  }
}

/** What the demo's pods do: each receives and deletes one message every two seconds of every queue its workload is scaled on. */
export const workerProgram =
  (open: (queue: string) => Queue, clock: Clock) =>
  (pod: Pod, signal: AbortSignal): Promise<void> | undefined => {
    const names = queuesOf(pod)
    return names.length === 0 ? undefined : work(names.map(open), clock, signal)
  }
