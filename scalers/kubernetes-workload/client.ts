import { once } from 'node:events'
import { failure } from '../../src/errors.ts'
import {
  error,
  value,
  type Answer,
  type Host,
  type PodFacts,
  type PodView,
  type Push,
  type Service,
} from '../../src/scaler.ts'

export interface PodQuery {
  readonly namespace: string
  readonly selector: string
  /** Whether nodes are counted in place of pods. */
  readonly nodes: boolean
}

/** Counts pods from watches; the watch of a query is open while the query is followed, and a while longer. */
export interface PodCounter extends Service {
  /** Waits until the pods are known; SOURCE_UNREACHABLE while they cannot be followed. */
  count(query: PodQuery, signal: AbortSignal): Promise<Answer<number>>
  /** Keeps the watch open until the signal aborts, and tells of every change. */
  follow(query: PodQuery, push: Push, signal: AbortSignal): Promise<void>
}

const address = "the cluster's pods"

export const openPods = (host: Pick<Host, 'followPods'>): PodCounter => ({
  address,
  async count({ namespace, selector, nodes }, signal) {
    signal.throwIfAborted()
    const view = host.followPods(namespace, selector)
    try {
      await Promise.race([view.synced, aborted(signal)])
      if (signal.aborted && !view.stale) throw signal.reason
      return answerOf(view, nodes)
    } finally {
      view.release()
    }
  },
  async follow({ namespace, selector, nodes }, push, signal) {
    const view = host.followPods(namespace, selector)
    view.onChange(() => push.answer(answerOf(view, nodes)))
    if (!signal.aborted) await once(signal, 'abort')
    view.release()
  },
  close() {},
})

/** What cannot be followed is not known: pods may have come or gone since. */
function answerOf(view: PodView, nodes: boolean): Answer<number> {
  if (view.stale) return error(failure('SOURCE_UNREACHABLE', { address, why: view.stale.why }))
  return value(nodes ? nodesOf(view.list()) : podsOf(view.list()))
}

/** Pods that have ended do not count. */
const counts = ({ phase }: PodFacts): boolean => phase !== 'Succeeded' && phase !== 'Failed'

function podsOf(pods: Iterable<PodFacts>): number {
  let count = 0
  for (const pod of pods) if (counts(pod)) count++
  return count
}

function nodesOf(pods: Iterable<PodFacts>): number {
  const nodes = new Set<string>()
  for (const pod of pods) if (counts(pod) && pod.node) nodes.add(pod.node)
  return nodes.size
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort')
