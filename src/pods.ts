import type { Clock } from './clock.ts'
import type { Followed } from './mirror.ts'
import { mirror, trimMeta, type Mirror } from './mirror.ts'
import { kinds } from './kinds.ts'
import { costAnnotation, isIdle, type IdleLabel } from './core/idle.ts'
import { backgroundOf } from './pod-background.ts'
import type { Meta, Pod } from './resources.ts'
import type { PodFacts, PodReport, PodView } from './scaler.ts'

/** What is kept of each pod besides what all want. */
export interface PodDetails {
  /** Its report: whether it is idle by this label. */
  readonly idle?: IdleLabel | undefined
  /** Its background: what cpu and memory are judged by. */
  readonly background?: boolean
}

/** Live views of pods by namespace and label selector, each opened when it is first wanted and shared by all who want it. */
export interface Pods {
  follow(namespace: string, selector: string, more?: PodDetails): PodView
  /** How many are followed now, for metrics and tests. */
  readonly size: number
  /** Ends every watch. */
  close(): Promise<void>
}

/** A view that nobody wants is kept so long (ms): a spec that changes lets go and takes hold again. */
const lingering = 60_000
/** Changes are told together, at most once in so long (ms): a rollout of a thousand pods is no thousand decisions. */
const together = 100

type Kept = PodFacts & { readonly metadata: Meta }

interface Followers {
  readonly mirror: Mirror<Kept>
  readonly listeners: Set<() => void>
  readonly end: () => void
  users: number
  cancel: (() => void) | undefined
}

export function createPods(cluster: Followed, clock: Clock, random: () => number): Pods {
  const views = new Map<string, Followers>()
  const ending = new Set<Promise<void>>()

  const open = (
    key: string,
    namespace: string,
    labelSelector: string,
    more: PodDetails,
  ): Followers => {
    const stop = new AbortController()
    const { signal } = stop
    const where = { namespace, ...(labelSelector !== '' && { labelSelector }) }
    const keep = (pod: Pod): Kept => trimPod(pod, more)
    const pods = mirror(cluster, clock, kinds.pod, where, keep, { random }, signal)
    const listeners = new Set<() => void>()
    let due = false
    pods.onChange(() => {
      if (due) return
      due = true
      clock.after(together, () => {
        due = false
        if (!signal.aborted) for (const tell of listeners) tell()
      })
    })
    const end = (): void => {
      views.delete(key)
      stop.abort()
      const ended = pods.stopped.finally(() => ending.delete(ended))
      ending.add(ended)
    }
    const followers: Followers = { mirror: pods, listeners, end, users: 0, cancel: undefined }
    views.set(key, followers)
    return followers
  }

  return {
    get size() {
      return views.size
    },
    follow(namespace, selector, more = {}) {
      const { idle, background = false } = more
      const key = JSON.stringify([namespace, selector, idle?.key, idle?.value, background])
      const shared = views.get(key) ?? open(key, namespace, selector, more)
      shared.users++
      shared.cancel?.()
      shared.cancel = undefined
      return viewOf(shared, clock)
    },
    async close() {
      for (const view of views.values()) {
        view.cancel?.()
        view.end()
      }
      await Promise.all(ending)
    },
  }
}

function viewOf(shared: Followers, clock: Clock): PodView {
  const own = new Set<() => void>()
  let released = false
  return {
    // it rejects only where everything ends
    synced: shared.mirror.synced.catch(() => undefined),
    get stale() {
      return shared.mirror.stale
    },
    list: () => shared.mirror.values(),
    onChange(listener) {
      own.add(listener)
      shared.listeners.add(listener)
      return () => {
        own.delete(listener)
        shared.listeners.delete(listener)
      }
    },
    release() {
      if (released) return
      released = true
      for (const listener of own) shared.listeners.delete(listener)
      shared.users--
      if (shared.users === 0) shared.cancel = clock.after(lingering, shared.end)
    },
  }
}

const jobLabels = ['batch.kubernetes.io/job-name', 'job-name'] as const

/** Keeps of a pod what decisions need: a namespace may have thousands. */
function trimPod(pod: Pod, { idle, background }: PodDetails): Kept {
  const { metadata, spec, status } = pod
  const { name, labels } = metadata
  const conditions = (status?.conditions ?? []).filter((c) => c.status === 'True')
  return {
    metadata: trimMeta(metadata),
    name,
    phase: status?.phase ?? 'Pending',
    ready: conditions.some((c) => c.type === 'Ready'),
    node: spec?.nodeName,
    conditions: conditions.map((c) => c.type),
    job: jobLabels.map((label) => labels?.[label]).find((value) => value !== undefined),
    report: idle && reportOf(pod, idle),
    background: background ? backgroundOf(pod) : undefined,
  }
}

/** What a pod says of itself by this label. */
export const reportOf = ({ metadata }: Pod, idle: IdleLabel): PodReport => ({
  idle: isIdle(metadata.labels, idle),
  cost: metadata.annotations?.[costAnnotation],
  leaving: metadata.deletionTimestamp !== undefined,
  resourceVersion: metadata.resourceVersion ?? '',
})
