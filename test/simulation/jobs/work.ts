import type { Pod, ScaledJob } from '../../../src/resources.ts'
import type { Random } from '../random.ts'
import type { World } from '../time.ts'
import type { JobScenario, WorkQueue } from './scenario.ts'

/** The work there is for Jobs, and what their pods do with it. */
export interface Work {
  /** What a source says of the queue; undefined of one that is none of these. */
  length(queue: string): number | undefined
  /** Messages that are not done yet, taken ones among them. */
  left(queue: string): number
  /** When the queue last changed (ms, of the world). */
  movedAt(queue: string): number
  /** What a pod does; undefined where it is no Job's. */
  program(pod: Pod, signal: AbortSignal): Promise<void> | undefined
}

/** KEDA's label of Jobs and their pods. */
export const jobLabel = 'scaledjob.keda.sh/name'

/** How long a Job of a minimum waits for messages, ms. */
const patience = 400_000

interface Held {
  readonly queue: WorkQueue
  waiting: number
  taken: number
  movedAt: number
}

export function createWork(
  scenario: JobScenario,
  world: World,
  random: Random,
  tell: (text: string) => void,
): Work {
  const queues = new Map<string, Held>(
    scenario.queues.map((queue) => [
      queue.name,
      { queue, waiting: 0, taken: 0, movedAt: world.now() },
    ]),
  )
  for (const held of queues.values())
    for (const { at, count } of held.queue.arrivals) world.after(at, () => move(held, count, 0))

  function move(held: Held, waiting: number, taken: number): void {
    held.waiting += waiting
    held.taken += taken
    held.movedAt = world.now()
    tell(`WORK ${held.queue.name}: ${held.waiting} wait, ${held.taken} taken`)
  }

  const ofJob = (object: ScaledJob | undefined): readonly Held[] =>
    (object?.spec.triggers ?? []).flatMap((t) => queues.get(t.metadata?.['queue'] ?? '') ?? [])

  /** Takes one message after another until there is none, or it has had enough. A message that is not finished goes back. */
  const work = async (object: ScaledJob | undefined, signal: AbortSignal): Promise<void> => {
    const own = ofJob(object)
    // what is there at all times waits for work
    if ((object?.spec.minReplicaCount ?? 0) > 0 && !own.some(({ waiting }) => waiting > 0))
      await world.sleep(patience, signal).catch(() => undefined)
    for (let done = 0; ; done++) {
      const held = own.find(({ waiting }) => waiting > 0)
      if (!held || done >= held.queue.perJob) return
      move(held, -1, 1)
      const failed = random.chance(held.queue.fails)
      const whole = await world.sleep(held.queue.takes, signal).then(
        () => true,
        () => false,
      )
      move(held, whole && !failed ? 0 : 1, -1)
      if (!whole) return
      if (failed) throw new Error('simulated')
    }
  }

  return {
    length(name) {
      const held = queues.get(name)
      return held && held.waiting + (held.queue.countsTaken ? held.taken : 0)
    },
    left(name) {
      const held = queues.get(name)
      return held ? held.waiting + held.taken : 0
    },
    movedAt: (name) => queues.get(name)?.movedAt ?? 0,
    program(pod, signal) {
      const scaledJob = pod.metadata.labels?.[jobLabel]
      if (scaledJob === undefined) return undefined
      const object = scenario.objects.find((o) => o.metadata.name === scaledJob)
      return work(object, signal)
    },
  }
}
