import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Mirror, Change } from '../mirror.ts'
import type {
  HorizontalPodAutoscaler,
  ScaledObject,
  TriggerAuthentication,
  Workload as TargetObject,
} from '../resources.ts'
import { createIndex } from './index-by.ts'
import type { Insight, Readings } from './insight.ts'
import { hpaNameOf } from './hpa.ts'
import { authenticationsOf, createJobController, type JobMirrors } from './jobs/controller.ts'
import { podMetrics } from './pod-metrics.ts'
import { createRivals, targetIn } from './rivals.ts'
import type { Shared } from './shared.ts'
import { same } from './status.ts'
import { createWorkload, type Workload } from './workload.ts'

/** The live copies of what the loops follow. */
export interface Mirrors extends JobMirrors {
  readonly scaledObjects: Mirror<ScaledObject>
  readonly authentications: Mirror<TriggerAuthentication>
  readonly clusterAuthentications: Mirror<TriggerAuthentication>
  readonly deployments: Mirror<TargetObject>
  readonly statefulSets: Mirror<TargetObject>
  readonly hpas: Mirror<HorizontalPodAutoscaler>
  /** Those of others, as far as it matters whose they are and what they scale. */
  readonly foreignHpas: Mirror<HorizontalPodAutoscaler>
}

/** All workloads: one loop each, woken by what concerns it. */
export interface Controller {
  readonly insight: Insight
  readonly readings: Readings
  readonly size: number
  /** Ends every loop; nothing is written after it has resolved. */
  close(): Promise<void>
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

/**
 * Starts a loop for every ScaledObject and ScaledJob there is and will be. The mirrors must be synced, so that nothing is
 * decided on half a view.
 */
export function createController(
  mirrors: Mirrors,
  given: Omit<Shared, 'rivals' | 'podMetrics'>,
): Controller {
  const workloads = new Map<string, Workload>()
  const closing = new Set<Promise<void>>()
  const byTarget = createIndex<Workload>()
  const byHpa = createIndex<Workload>()
  const byAuthentication = createIndex<Workload>()
  const offs: (() => void)[] = []

  const resolveAt = (target: string, but?: Workload): void => {
    for (const workload of byTarget.get(target)) if (workload !== but) workload.resolve()
  }
  const rivals = createRivals({
    scaling: (target) => byTarget.get(target).map((workload) => workload.object()),
    naming: (hpa) => byHpa.get(hpa).map((workload) => workload.object()),
    foreign: mirrors.foreignHpas,
    changed: (target) => resolveAt(target),
  })
  const shared: Shared = {
    ...given,
    podMetrics: podMetrics(given.cluster),
    rivals: (object) => rivals.problems(object),
  }
  const jobs = createJobController(mirrors, shared)

  const index = (workload: Workload): void => {
    const { metadata, spec } = workload.object()
    const namespace = metadata.namespace ?? ''
    byTarget.put(workload, [targetIn(namespace, spec.scaleTargetRef)])
    byHpa.put(workload, [keyOf(namespace, hpaNameOf(workload.object()))])
    byAuthentication.put(workload, authenticationsOf(workload.object()))
  }

  const end = (key: string, workload: Workload): void => {
    workloads.delete(key)
    for (const indexed of [byTarget, byHpa, byAuthentication]) indexed.put(workload, [])
    const ended = workload.close().finally(() => closing.delete(ended))
    closing.add(ended)
  }

  const onObject = ({ before, after }: Change<ScaledObject>): void => {
    const { namespace = '', name, uid } = (after ?? before)?.metadata ?? { name: '' }
    const key = keyOf(namespace, name)
    const known = workloads.get(key)
    if (known && (!after || known.object().metadata.uid !== uid)) end(key, known)
    if (after) {
      const workload = workloads.get(key)
      if (workload) workload.update(after)
      else workloads.set(key, createWorkload(after, shared))
      const current = workloads.get(key)
      if (current) index(current)
    }
    if (!movesTarget(before, after)) return
    for (const moved of [before, after])
      if (moved) resolveAt(targetIn(namespace, moved.spec.scaleTargetRef), workloads.get(key))
  }

  const onTarget = (kind: 'Deployment' | 'StatefulSet', change: Change<TargetObject>): void => {
    const effect = effectOf(change)
    if (effect === undefined) return
    const { namespace = '', name } = (change.after ?? change.before)?.metadata ?? { name: '' }
    for (const workload of byTarget.get(targetIn(namespace, { kind, name }))) workload[effect]()
  }

  const onHpa = ({ before, after }: Change<HorizontalPodAutoscaler>): void => {
    const { namespace = '', name } = (after ?? before)?.metadata ?? { name: '' }
    for (const workload of byHpa.get(keyOf(namespace, name))) {
      if (!after || (before && changedByOthers(before, after))) workload.resolve()
      workload.hpaChanged()
    }
  }

  /** Cluster-wide ones may be used anywhere, so they are looked for by name in every namespace. */
  const onAuthentication = ({ before, after }: Change<TriggerAuthentication>): void => {
    const { annotations } = before?.metadata ?? {}
    if (
      before &&
      after &&
      same(before.spec, after.spec) &&
      same(annotations, after.metadata.annotations)
    )
      return
    const { namespace, name } = (after ?? before)?.metadata ?? { name: '' }
    for (const users of [byAuthentication, jobs.byAuthentication])
      for (const workload of namespace === undefined
        ? users.getAll((key) => key.endsWith(`/${name}`))
        : users.get(keyOf(namespace, name)))
        workload.resolve()
  }

  offs.push(
    mirrors.scaledObjects.onChange(onObject),
    mirrors.deployments.onChange((change) => onTarget('Deployment', change)),
    mirrors.statefulSets.onChange((change) => onTarget('StatefulSet', change)),
    mirrors.hpas.onChange(onHpa),
    mirrors.authentications.onChange(onAuthentication),
    mirrors.clusterAuthentications.onChange(onAuthentication),
  )
  for (const object of mirrors.scaledObjects.values())
    onObject({ before: undefined, after: object })

  return {
    get size() {
      return workloads.size + jobs.size
    },
    insight: {
      list: async () =>
        [...workloads.values(), ...jobs.values()].map((workload) => workload.view()),
      async get(namespace, name, kind) {
        const object = kind === 'ScaledJob' ? undefined : workloads.get(keyOf(namespace, name))
        const job = kind === 'ScaledObject' ? undefined : jobs.get(namespace, name)
        return (object ?? job)?.view()
      },
    },
    readings: {
      async read(namespace, name, metric) {
        const workload = workloads.get(keyOf(namespace, name))
        if (!workload) throw failure('WORKLOAD_UNKNOWN', { workload: keyOf(namespace, name) })
        return workload.read(metric)
      },
    },
    async close() {
      for (const off of offs) off()
      rivals.close()
      for (const [key, workload] of workloads) end(key, workload)
      await Promise.all([...closing, jobs.close()])
    },
  }
}

/** Whether another ScaledObject on the same target may have to go on, or to stop. */
const movesTarget = (before: ScaledObject | undefined, after: ScaledObject | undefined): boolean =>
  !before ||
  !after ||
  !same(before.spec.scaleTargetRef, after.spec.scaleTargetRef) ||
  before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp

/** What a change of a target is for: its coming, going and pod template are for the resolver, its replicas for a decision. */
function effectOf({ before, after }: Change<TargetObject>): 'resolve' | 'evaluate' | undefined {
  if (!before || !after) return 'resolve'
  if (before.metadata.generation === after.metadata.generation) return undefined
  if (!same(before.spec?.template, after.spec?.template)) return 'resolve'
  return before.spec?.replicas === after.spec?.replicas ? undefined : 'evaluate'
}

/** Whether an HPA's own part changed, as against the status its controller writes all the time. */
const changedByOthers = (
  before: HorizontalPodAutoscaler,
  after: HorizontalPodAutoscaler,
): boolean =>
  !same(before.spec, after.spec) ||
  !same(before.metadata.labels, after.metadata.labels) ||
  !same(before.metadata.annotations, after.metadata.annotations)

/** Which authentication a trigger's reference means. */
export const findAuthenticationIn =
  ({ authentications, clusterAuthentications }: Mirrors): Shared['findAuthentication'] =>
  (kind, namespace, name) => {
    if (kind === kinds.triggerAuthentication.kind) return authentications.get(namespace, name)
    if (kind === kinds.clusterTriggerAuthentication.kind)
      return clusterAuthentications.get('', name)
    return undefined
  }
