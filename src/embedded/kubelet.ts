import { reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Pod } from '../resources.ts'
import type { Ground } from './ground.ts'
import { builtin, patchStatus, removeObject } from './ground.ts'
import type { Stored, Tree } from './json.ts'
import { textAt } from './json.ts'
import { isEnded, podStatus } from './pod.ts'
import { createQueue } from './queue.ts'
import { kindId } from './rule.ts'

/**
 * What the containers of a pod do. Called when the pod becomes ready; the signal aborts when the pod must stop, and the
 * pod goes when the promise settles or its grace period is over. A pod of a Job succeeds or fails with the promise; any
 * other pod whose program ends is not ready for 10 s and then runs it again. Undefined: the pod only waits.
 */
export type Program = (pod: Pod, signal: AbortSignal) => Promise<void> | undefined

export interface KubeletOptions {
  /** From being placed on a node to being ready, in ms. */
  readonly podStart: number
  /** How long the pod of a Job runs that has no program, in ms. */
  readonly jobRun: number
  readonly program: Program | undefined
}

export interface Kubelet {
  /** Stops all pods; resolves when their programs have ended. */
  close(): Promise<void>
}

interface Run {
  readonly stop: AbortController
  /** Takes back the timer the pod waits for. */
  cancel: () => void
  /** Set while the program runs. */
  program: Promise<void> | undefined
}

const pods = kindId(kinds.pod)
const restartAfter = 10_000

/** The kubelets of all nodes: make pods ready, run their programs and take them away. */
export function startKubelet(ground: Ground, options: KubeletOptions): Kubelet {
  const { store, clock } = ground
  const rule = builtin(ground.rules, kinds.pod)
  const runs = new Map<string, Run>()

  const report = (uid: string, phase: string, ready: boolean, why: Tree = {}): void =>
    patchStatus(ground, rule, uid, podStatus(store.byUid(uid), phase, ready, why, clock.now()))

  const start = ({ metadata: { uid } }: Stored): void => {
    const cancel = clock.after(options.podStart, () => begin(uid))
    runs.set(uid, { stop: new AbortController(), cancel, program: undefined })
    report(uid, 'Pending', false, { reason: 'ContainersNotReady' })
  }

  const begin = (uid: string): void => {
    const run = runs.get(uid)
    if (!run) return
    report(uid, 'Running', true)
    const pod = store.byUid(uid)
    if (!pod) return
    run.program = options.program?.(pod, run.stop.signal)?.then(
      () => ended(uid, undefined),
      (error: unknown) => ended(uid, reasonOf(error)),
    )
    if (!run.program && !restarts(pod))
      run.cancel = clock.after(options.jobRun, () => ended(uid, undefined))
  }

  const ended = (uid: string, error: string | undefined): void => {
    const run = runs.get(uid)
    const pod = store.byUid(uid)
    if (!run || !pod) return
    run.program = undefined
    if (run.stop.signal.aborted) return removeObject(ground, rule, uid, true)
    const message = error ?? 'the program ended'
    if (!restarts(pod))
      return report(uid, error === undefined ? 'Succeeded' : 'Failed', false, { message })
    run.cancel = clock.after(restartAfter, () => begin(uid))
    report(uid, 'Running', false, { reason: 'CrashLoopBackOff', message })
  }

  const halt = (pod: Stored): void => {
    const { uid, deletionGracePeriodSeconds = 0 } = pod.metadata
    const run = runs.get(uid)
    if (run?.stop.signal.aborted) return
    run?.cancel()
    run?.stop.abort()
    if (!run?.program) return removeObject(ground, rule, uid, true)
    run.cancel = clock.after(deletionGracePeriodSeconds * 1000, () =>
      removeObject(ground, rule, uid, true),
    )
  }

  const forget = (uid: string): void => {
    const run = runs.get(uid)
    run?.cancel()
    run?.stop.abort()
    runs.delete(uid)
  }

  const queue = createQueue(clock, (uid) => {
    const pod = store.byUid(uid)
    if (!pod) return forget(uid)
    if (pod.metadata.deletionTimestamp !== undefined) return halt(pod)
    if (isEnded(pod)) return
    if (textAt(pod, 'spec', 'nodeName') !== '' && !runs.has(uid)) start(pod)
  })

  const stop = store.onChange((change) => {
    if (change.kind === pods) queue.add(change.object.metadata.uid)
  })
  return {
    async close() {
      stop()
      queue.close()
      const left = [...runs.values()]
      runs.clear()
      for (const run of left) {
        run.cancel()
        run.stop.abort()
      }
      for (const run of left) await run.program
    },
  }
}

const restarts = (pod: Stored): boolean => textAt(pod, 'spec', 'restartPolicy') === 'Always'
