import type { Cluster } from '../cluster.ts'
import {
  compositeSpec,
  generateHpa,
  sumSpec,
  hpaDiffers,
  renewHpa,
  type HpaFacts,
} from '../core/hpa.ts'
import { hpaNameFor } from '../core/names.ts'
import { pauseOf } from '../core/pause.ts'
import { failure, isFailure } from '../errors.ts'
import { apiVersionOf, kinds } from '../kinds.ts'
import type { HorizontalPodAutoscaler, OwnerReference, ScaledObject } from '../resources.ts'
import type { Resolved } from './resolve.ts'

/** The HPA a ScaledObject wants. With `hold`, or a pause of one direction, it does not scale that way either. */
export function wantedHpa(
  object: ScaledObject,
  resolved: Pick<Resolved, 'settings' | 'kind' | 'plans' | 'resources' | 'modifiers' | 'mode'>,
  version: string,
  hold: boolean,
): HorizontalPodAutoscaler {
  const { paused } = pauseOf(object.metadata.annotations)
  const { metadata, spec } = object
  const { settings, kind } = resolved
  return generateHpa({
    name: hpaNameOf(object),
    version,
    scaledObject: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      uid: metadata.uid ?? '',
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
    },
    target: { apiVersion: apiVersionOf(kind), kind: kind.kind, name: spec.scaleTargetRef.name },
    minReplicas: settings.hpaMin,
    maxReplicas: settings.max,
    behavior: spec.advanced?.horizontalPodAutoscalerConfig?.behavior,
    noScaleIn: hold || paused === 'in' || paused === 'both',
    noScaleOut: paused === 'out' || paused === 'both',
    metrics: metricsOf(resolved, metadata.name),
  })
}

/** With modifiers one metric stands for all external ones; cpu and memory stay beside it. */
const metricsOf = (
  {
    plans,
    resources,
    modifiers,
    mode,
  }: Pick<Resolved, 'plans' | 'resources' | 'modifiers' | 'mode'>,
  scaledObject: string,
): HpaFacts['metrics'] => [
  ...(modifiers
    ? [compositeSpec(modifiers, scaledObject)]
    : mode.demand === 'sum' && plans.length > 0
      ? [sumSpec(scaledObject)]
      : plans.flatMap((plan) =>
          plan.specs.map((s) => ({ index: plan.index, ...s, metricType: plan.trigger.metricType })),
        )),
  ...resources.map(({ metric }) => metric),
]

export const hpaNameOf = ({ metadata, spec }: ScaledObject): string =>
  hpaNameFor(metadata.name, spec.advanced?.horizontalPodAutoscalerConfig?.name)

/**
 * Makes the cluster's HPA the wanted one: created, replaced when it differs after the server's defaulting, and the one of
 * an earlier name removed (keda-behaviour.md 2.7). `found` is what the mirror holds. Writes nothing when nothing differs.
 */
export async function ensureHpa(
  cluster: Cluster,
  wanted: HorizontalPodAutoscaler,
  found: HorizontalPodAutoscaler | undefined,
  formerName: string | undefined,
  signal: AbortSignal,
): Promise<'created' | 'replaced' | 'unchanged'> {
  const { namespace = '', name } = wanted.metadata
  if (formerName !== undefined && formerName !== name) {
    const former = await cluster.get(kinds.hpa, { namespace, name: formerName }, signal)
    if (former) await removeHpa(cluster, ownerOf(wanted), former, signal)
  }
  if (found) return replaceIfDifferent(cluster, wanted, found, signal)
  try {
    await cluster.create(kinds.hpa, wanted, signal)
    return 'created'
  } catch (error) {
    if (!isFailure(error, 'CLUSTER_EXISTS')) throw error
  }
  // made by a predecessor, or by hand and without the label the mirror goes by
  const other = await cluster.get(kinds.hpa, { namespace, name }, signal)
  if (!other)
    throw failure('CLUSTER_CONFLICT', { what: `HorizontalPodAutoscaler ${namespace}/${name}` })
  return replaceIfDifferent(cluster, wanted, other, signal)
}

async function replaceIfDifferent(
  cluster: Cluster,
  wanted: HorizontalPodAutoscaler,
  found: HorizontalPodAutoscaler,
  signal: AbortSignal,
  first = true,
): Promise<'replaced' | 'unchanged'> {
  const owner = found.metadata.ownerReferences?.find((o) => o.controller === true)
  if (owner && !isOwner(ownerOf(wanted), owner))
    throw failure('HPA_OWNED', {
      hpa: found.metadata.name,
      owner: `${owner.kind} ${owner.name}`,
    })
  if (!hpaDiffers(wanted, found)) return 'unchanged'
  try {
    await cluster.replace(kinds.hpa, renewHpa(wanted, found), signal)
    return 'replaced'
  } catch (error) {
    if (!first || !isFailure(error, 'CLUSTER_CONFLICT')) throw error
    // its controller writes how it stands every few seconds: no reason to let a change of the user's wait
    const { namespace = '', name } = found.metadata
    const latest = await cluster.get(kinds.hpa, { namespace, name }, signal)
    if (!latest) throw error
    return replaceIfDifferent(cluster, wanted, latest, signal, false)
  }
}

/** The workload's HPA: `known` where it is followed, else asked for, as one that is not labelled yet. */
export const hpaOf = async (
  cluster: Cluster,
  object: ScaledObject,
  known: HorizontalPodAutoscaler | undefined,
  signal: AbortSignal,
): Promise<HorizontalPodAutoscaler | undefined> =>
  known ??
  cluster.get(
    kinds.hpa,
    {
      namespace: object.metadata.namespace ?? '',
      name: object.status?.hpaName ?? hpaNameOf(object),
    },
    signal,
  )

/** Takes an HPA away, if it is this ScaledObject's: one of somebody else's that has its name is left. */
export async function removeHpa(
  cluster: Cluster,
  scaledObject: Owner,
  { metadata }: HorizontalPodAutoscaler,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, uid, ownerReferences = [] } = metadata
  if (!ownerReferences.some((owner) => isOwner(scaledObject, owner))) return
  try {
    await cluster.remove(kinds.hpa, { namespace, name }, uid === undefined ? {} : { uid }, signal)
  } catch (error) {
    // another one has its name by now
    if (!isFailure(error, 'CLUSTER_CONFLICT')) throw error
  }
}

type Owner = Pick<OwnerReference, 'name' | 'uid'>

const ownerOf = ({ metadata }: HorizontalPodAutoscaler): Owner =>
  metadata.ownerReferences?.[0] ?? { name: '', uid: '' }

/** By name too: the HPA of a ScaledObject that was deleted and made anew is its successor's. */
const isOwner = (scaledObject: Owner, { kind, name, uid }: OwnerReference): boolean =>
  kind === 'ScaledObject' && (uid === scaledObject.uid || name === scaledObject.name)

/** Keeps of an HPA what Ebb compares and reports. */
export function trimHpa(hpa: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { metadata, spec, status } = hpa
  const active = status?.conditions?.filter((c) => c.type === 'ScalingActive')
  return {
    metadata,
    spec,
    status: {
      ...(status?.currentReplicas !== undefined && { currentReplicas: status.currentReplicas }),
      ...(status?.desiredReplicas !== undefined && { desiredReplicas: status.desiredReplicas }),
      ...(active && { conditions: active }),
    },
  }
}

/** Keeps whose an HPA is and what it scales; its status changes all the time. */
export const trimForeignHpa = ({
  metadata,
  spec,
}: HorizontalPodAutoscaler): HorizontalPodAutoscaler => {
  const { namespace, name, annotations, ownerReferences } = metadata
  const owned = annotations?.['validations.keda.sh/hpa-ownership']
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(owned !== undefined && {
        annotations: { 'validations.keda.sh/hpa-ownership': owned },
      }),
      ...(ownerReferences && { ownerReferences }),
    },
    spec: { scaleTargetRef: spec.scaleTargetRef, maxReplicas: spec.maxReplicas },
  }
}
