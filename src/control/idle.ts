import { deadline, within, type Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { coalesce } from '../coalesce.ts'
import { costAnnotation, costChanges, ownCost, type ReportedPod } from '../core/idle.ts'
import { failure, isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { limit } from '../limit.ts'
import { reportOf, type Pods } from '../pods.ts'
import type { PodReport, PodView } from '../scaler.ts'
import type { Resolved } from './resolve.ts'
import { newer } from './status.ts'

export interface IdleParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly followPods: Pods['follow']
  /** False in shadow, and while another replica leads. */
  readonly writes: () => boolean
  /** Idle pods do not go first, and why. */
  readonly warn: (note: string) => void
}

/** Sees to it that pods that are idle by their label go first when a workload is scaled in. */
export interface Idle {
  /** The spec that is followed now; undefined where none is, or somebody else scales. Nothing is asked while it stays the same. */
  use(resolved: Resolved | undefined): void
  /**
   * So many pods are about to go. Undefined where nothing is to be done first; else it resolves soon, whatever the API server
   * does, and never rejects.
   */
  lowering(going: number): Promise<void> | undefined
  close(): Promise<void>
}

/** How long a scale-in waits for the costs of its pods (ms): a slow API server delays it, and no more. */
const patience = 3_000
/** Patches under way at once. */
const width = 8
/** How often is looked anew where a pod has changed meanwhile, and after how long (ms). */
const passes = 3
const lag = 200

export function createIdle(parts: IdleParts, signal: AbortSignal): Idle {
  const { cluster, clock } = parts
  const limited = limit(width)
  let of: Resolved | undefined
  let view: PodView | undefined
  let opening: Promise<void> | undefined
  /** What was said of the last failure; nothing is tried between scale-ins while it holds. */
  let told: string | undefined

  const say = (why: string): void => {
    if (told !== why) parts.warn(`idle pods may not go first: ${why}`)
    told = why
  }

  const open = async (resolved: Resolved): Promise<void> => {
    const { kind, target, mode } = resolved
    // what keeps Ebb from the target is told where it is scaled
    const scale = await cluster.readScale(kind, target, signal).catch(() => undefined)
    const selector = scale?.status.selector
    if (of !== resolved || signal.aborted) return
    opening = undefined
    if (scale && !selector) say(`${kind.kind} ${target.name} does not say which pods it has`)
    if (!selector) return
    view = parts.followPods(target.namespace, selector, { idle: mode.idle })
    view.onChange(() => restore.poke())
    void view.synced.then(() => restore.poke())
  }

  /** Resolves to whether the pod has changed meanwhile, so that it must be looked at anew. */
  const patch = async (
    { name, resourceVersion }: Known,
    cost: string | null,
    fresh: Map<string, PodReport>,
    wait: AbortSignal,
  ): Promise<boolean> => {
    const { target, mode } = of ?? {}
    if (!target || !mode?.idle) return false
    const ref = { namespace: target.namespace, name }
    const change = { metadata: { resourceVersion, annotations: { [costAnnotation]: cost } } }
    try {
      const pod = await cluster.patch(kinds.pod, ref, change, {}, wait)
      fresh.set(name, reportOf(pod, mode.idle))
      return false
    } catch (error) {
      if (isFailure(error, 'CLUSTER_CONFLICT')) return true
      // it went by itself
      if (isFailure(error, 'CLUSTER_NOT_FOUND')) return false
      if (!isFailure(error, 'CLUSTER_FORBIDDEN')) throw error
      throw failure('PODS_FORBIDDEN', { namespace: ref.namespace }, error)
    }
  }

  /** Brings the costs in line, first those of pods that are busy again. Rejects with the first failure, and begins no more then. */
  const settle = async (going: number, wait: AbortSignal): Promise<void> => {
    const fresh = new Map<string, PodReport>()
    let failed: { readonly error: unknown } | undefined
    for (let pass = 1; pass <= passes; pass++) {
      const pods = new Map(known(view, fresh).map((pod) => [pod.name, pod]))
      const { give, takeBack } = costChanges(pods.values(), going)
      if (give.length + takeBack.length === 0 || !parts.writes()) return
      const change = (cost: string | null) => (name: string) =>
        limited(async () => {
          const pod = pods.get(name)
          if (failed || !pod) return false
          return patch(pod, cost, fresh, wait).catch((error: unknown) => {
            failed ??= { error }
            return false
          })
        })
      const moved = await Promise.all([...takeBack.map(change(null)), ...give.map(change(ownCost))])
      if (failed) throw failed.error
      if (!moved.includes(true)) continue
      if (pass === passes)
        throw failure('CLUSTER_CONFLICT', { what: `a pod of ${of?.target.name ?? ''}` })
      await clock.sleep(lag, wait)
    }
  }

  const followed = async (): Promise<void> => {
    await opening
    await view?.synced
  }

  /** Never rejects; says once what goes wrong until it goes well again. */
  const attempt = async (going: number): Promise<void> => {
    const late = (): Error =>
      failure('CLUSTER_UNREACHABLE', {
        server: cluster.server,
        why: `it took longer than ${patience} ms`,
      })
    const limits = deadline(clock, patience, signal, late)
    try {
      await within(followed(), patience, clock, limits.signal)
      limits.signal.throwIfAborted()
      if (!view) return
      await settle(going, limits.signal)
      told = undefined
    } catch (error) {
      if (signal.aborted) return
      say(reasonOf(limits.signal.aborted ? limits.signal.reason : error))
    } finally {
      limits.clear()
    }
  }

  /** A pod that works again, after a scale-in that it survived, must not be the first to go when somebody else scales. */
  const restore = coalesce(async () => {
    if (told !== undefined || signal.aborted || view === undefined || view.stale) return
    if (costChanges(known(view, new Map()), 0).takeBack.length > 0) await attempt(0)
  })

  const release = (): void => {
    view?.release()
    view = undefined
    opening = undefined
  }

  return {
    use(resolved) {
      const wanted = resolved && heeds(resolved) ? resolved : undefined
      if (wanted === of) return
      release()
      told = undefined
      of = wanted
      opening = wanted && open(wanted)
    },
    lowering(going) {
      if (!of) return undefined
      if (!view) opening ??= open(of)
      return within(attempt(going), patience, clock, signal)
    },
    async close() {
      of = undefined
      release()
      await restore.idle()
    },
  }
}

type Known = ReportedPod & PodReport

/** Pods as the watch has them, or as the answers to Ebb's own patches say, where those are newer. */
const known = (
  view: PodView | undefined,
  fresh: ReadonlyMap<string, PodReport>,
): readonly Known[] =>
  [...(view?.list() ?? [])].flatMap(({ name, ready, report }) => {
    const own = fresh.get(name)
    const newest = own && newer(own.resourceVersion, report?.resourceVersion) ? own : report
    return newest ? { name, ready, ...newest } : []
  })

/** StatefulSets give up their last pods first, whatever their cost. */
const heeds = ({ mode, kind }: Resolved): boolean =>
  mode.scaling === 'direct' && mode.idle !== undefined && kind.kind !== 'StatefulSet'
