import { deadline, rfc3339 } from '../clock.ts'
import type { HpaFlags, HpaInput, HpaState, HpaStep } from '../core/replicas.ts'
import { hpaStep, noHpaState, notRescaled, rescaled } from '../core/replicas.ts'
import { failure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { limit } from '../limit.ts'
import type { Condition, HpaCondition } from '../resources.ts'
import type { Ground } from './ground.ts'
import { builtin, patchStatus } from './ground.ts'
import type { ReadExternalMetric } from './hpa-metrics.ts'
import { currentMetrics, readMetrics } from './hpa-metrics.ts'
import type { HpaTarget, StoredHpa } from './hpa-target.ts'
import { looksAtMetrics, targetOf } from './hpa-target.ts'
import type { Stored, Tree } from './json.ts'
import { kindId } from './rule.ts'
import { writeScale } from './scale.ts'

export interface HpaOptions {
  /** From one sync of an HPA to its next, in ms. The first one is that long after the HPA was made, as on a real cluster. */
  readonly sync: number
  readonly flags: HpaFlags
  readonly read: ReadExternalMetric
}

/** How many HPAs are looked at at the same time, as the real controller's flag has it by default. */
const workers = 5
/** How long a metric may take, in ms. */
const patience = 30_000

/**
 * The HPA controller: one timer per HPA, the arithmetic of core/replicas, reads of external metrics, writes to /scale. The
 * status is written only where it changes. Two HPAs of one target are not noticed.
 */
export function startHpas(ground: Ground, options: HpaOptions): () => void {
  const { store, clock, server } = ground
  const rule = builtin(ground.rules, kinds.hpa)
  const hpas = kindId(kinds.hpa)
  const states = new Map<string, HpaState>()
  const timers = new Map<string, () => void>()
  const end = new AbortController()
  const worker = limit(workers)

  /** A read that has no answer in time counts as failed, whether its reader heeds the signal or not. */
  const read: ReadExternalMetric = async (namespace, metric, selector, signal) => {
    const late = (): Error =>
      failure('CLUSTER_FAILED', { what: `reading ${metric}`, why: `no answer in ${patience} ms` })
    const limited = deadline(clock, patience, signal, late)
    const { promise, reject } = Promise.withResolvers<never>()
    limited.signal.addEventListener('abort', () => reject(limited.signal.reason))
    try {
      return await Promise.race([
        options.read(namespace, metric, selector, limited.signal),
        promise,
      ])
    } finally {
      limited.clear()
    }
  }

  const schedule = (uid: string): void => {
    const fire = (): void => {
      void worker(() => sync(uid)).finally(() => {
        if (store.byUid(uid) && !end.signal.aborted) schedule(uid)
      })
    }
    timers.set(uid, clock.after(options.sync, fire))
  }

  /** The HPA as it is now; undefined once it is gone. The store holds HPAs under this kind. */
  const hpaOf = (uid: string): StoredHpa | undefined => store.byUid(uid) as StoredHpa | undefined

  const sync = async (uid: string): Promise<void> => {
    const hpa = hpaOf(uid)
    if (!hpa || end.signal.aborted) return
    const target = targetOf(ground, hpa, options.flags)
    if ('type' in target) return report(hpa, {}, [target])
    const specs = looksAtMetrics(target.input) ? (hpa.spec.metrics ?? []) : []
    const metrics = await readMetrics(hpa.metadata.namespace ?? '', specs, read, end.signal)
    if (end.signal.aborted || !hpaOf(uid)) return
    const input = { ...target.input, metrics }
    const step = hpaStep(input, states.get(uid) ?? noHpaState)
    states.set(uid, step.state)
    const current = currentMetrics(specs, metrics, input.scaled.status)
    const counts = {
      currentReplicas: input.scaled.spec,
      desiredReplicas: hpa.status?.desiredReplicas ?? 0,
      currentMetrics: current,
    }
    const { conditions, ...more } = carryOut(uid, target, input, step)
    report(hpa, { ...counts, ...more }, conditions)
  }

  /** Writes the scale where it changes; what the status says then. */
  const carryOut = (
    uid: string,
    target: HpaTarget,
    input: HpaInput,
    step: HpaStep,
  ): { readonly conditions: readonly Condition[]; readonly [field: string]: unknown } => {
    const from = target.scale.spec.replicas
    // What could not be computed or carried out leaves the desired count of the status as it was.
    if (step.why === 'metrics-missing') return { conditions: step.conditions }
    if (step.desired === from) return { desiredReplicas: from, conditions: step.conditions }
    try {
      const spec = { replicas: step.desired }
      writeScale(server, target.rule, { ...target.scale, spec })
    } catch (error) {
      return { conditions: notRescaled(step, reasonOf(error)) }
    }
    const { state, conditions } = rescaled(step, input, from)
    states.set(uid, state)
    return { desiredReplicas: step.desired, lastScaleTime: rfc3339(clock.now()), conditions }
  }

  const report = ({ metadata }: Stored, status: Tree, changes: readonly Condition[]): void => {
    const before = hpaOf(metadata.uid)?.status?.conditions ?? []
    const conditions = laidOver(before, changes, rfc3339(clock.now()))
    patchStatus(ground, rule, metadata.uid, { ...status, conditions })
  }

  const stop = store.onChange(({ kind, before, after, object }) => {
    if (kind !== hpas) return
    const { uid } = object.metadata
    if (!before) schedule(uid)
    if (after) return
    timers.get(uid)?.()
    timers.delete(uid)
    states.delete(uid)
  })
  return () => {
    end.abort()
    stop()
    for (const cancel of timers.values()) cancel()
    timers.clear()
  }
}

/** Conditions with changes laid over by type; the time of one moves only with its status. */
function laidOver(
  before: readonly HpaCondition[],
  changes: readonly Condition[],
  now: string,
): readonly HpaCondition[] {
  const known = new Map(before.map((condition) => [condition.type, condition]))
  for (const change of changes) {
    const old = known.get(change.type)
    const lastTransitionTime = old?.status === change.status ? old.lastTransitionTime : now
    known.set(change.type, { ...change, ...(lastTransitionTime && { lastTransitionTime }) })
  }
  return [...known.values()]
}
