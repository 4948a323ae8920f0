import { kinds } from '../kinds.ts'
import { refOf } from './address.ts'
import type { Ground } from './ground.ts'
import { builtin, patchStatus } from './ground.ts'
import { isEnded, podStatus } from './pod.ts'
import { createQueue } from './queue.ts'
import { kindId } from './rule.ts'
import type { Stored } from './json.ts'
import { textAt } from './json.ts'

export interface Scheduler {
  /** Adds a node with room for so many pods. The first one takes the place of the boundless node there is without any. */
  addNode(name: string, room: number): void
  close(): void
}

/** Gives every pod a node, the emptiest that has room; pods for which there is none wait until there is. */
export function startScheduler(ground: Ground): Scheduler {
  const { store, server, clock } = ground
  const rule = builtin(ground.rules, kinds.pod)
  const pods = kindId(kinds.pod)
  const rooms = new Map<string, number>()
  const homeless = new Set<string>()

  const choose = (): string | undefined => {
    if (rooms.size === 0) return 'embedded'
    const taken = new Map<string, number>()
    for (const pod of store.values(pods)) {
      const node = textAt(pod, 'spec', 'nodeName')
      if (!isEnded(pod)) taken.set(node, (taken.get(node) ?? 0) + 1)
    }
    const used = (name: string): number => taken.get(name) ?? 0
    return [...rooms]
      .filter(([name, room]) => used(name) < room)
      .map(([name]) => name)
      .sort((a, b) => used(a) - used(b))[0]
  }

  const reject = (pod: Stored): void => {
    const { uid } = pod.metadata
    const why = { reason: 'Unschedulable', message: 'no node has room' }
    homeless.add(uid)
    patchStatus(ground, rule, uid, podStatus(pod, 'Pending', false, why, clock.now()))
  }

  const queue = createQueue(clock, (uid) => {
    homeless.delete(uid)
    const pod = store.byUid(uid)
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return
    if (textAt(pod, 'spec', 'nodeName') !== '') return
    const nodeName = choose()
    if (nodeName === undefined) reject(pod)
    else server.patch(rule, refOf(pod), { metadata: { uid }, spec: { nodeName } }, 'main')
  })

  const retry = (): void => {
    for (const uid of homeless) queue.add(uid)
  }

  const stop = store.onChange(({ kind, before, after, object }) => {
    if (kind !== pods) return
    if (!before) queue.add(object.metadata.uid)
    if (!after || (before && isEnded(after) && !isEnded(before))) retry()
  })
  return {
    addNode(name, room) {
      rooms.set(name, room)
      retry()
    },
    close() {
      stop()
      queue.close()
    },
  }
}
