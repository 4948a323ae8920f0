import type { Cluster, Ref, ScalableKind } from '../cluster.ts'
import { failure, isFailure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { trimMeta, type Mirror } from '../mirror.ts'
import type { Container, PodTemplate, ScaleTargetRef, Workload } from '../resources.ts'

/** What Ebb knows of a scale target at one moment. */
export interface TargetState {
  /** spec.replicas */
  readonly replicas: number
  readonly resourceVersion: string
  /** status.replicas as /scale had it; of mirrored kinds `status` knows it better. */
  readonly status?: number
}

/**
 * Scale targets: Deployments and StatefulSets from trimmed mirrors (no request), any other kind with /scale by one GET.
 */
export interface Targets {
  /** The kind of a reference; fails with CLUSTER_NOT_FOUND where the cluster has no such kind. */
  kindOf(ref: ScaleTargetRef, signal: AbortSignal): Promise<ScalableKind>
  /** The state known without asking; undefined for kinds that are not mirrored, `missing` where there is no such object. */
  mirrored(kind: ScalableKind, ref: Ref): TargetState | 'missing' | undefined
  /** The state, asked for where it is not mirrored. Undefined where the target does not exist. */
  read(kind: ScalableKind, ref: Ref, signal: AbortSignal): Promise<TargetState | undefined>
  /** Its status.replicas; undefined for kinds that are not mirrored. */
  status(kind: ScalableKind, ref: Ref): number | undefined
  /** The containers of the target's pod template, for `…FromEnv`; none where the kind has no template or Ebb may not read it. */
  containers(kind: ScalableKind, ref: Ref, signal: AbortSignal): Promise<readonly Container[]>
  /** Called with the kind and reference of a mirrored target that changed. */
  onChange(listener: (kind: string, ref: Ref) => void): void
}

/** `apps/v1.Deployment`, as `status.scaleTargetKind` has it. */
export const kindText = (kind: ScalableKind): string => `${kind.group}/${kind.version}.${kind.kind}`

export function createTargets(
  cluster: Cluster,
  deployments: Mirror<Workload>,
  statefulSets: Mirror<Workload>,
): Targets {
  const mirrorOf = (kind: ScalableKind): Mirror<Workload> | undefined => {
    if (kind.group !== 'apps') return undefined
    if (kind.kind === 'Deployment') return deployments
    return kind.kind === 'StatefulSet' ? statefulSets : undefined
  }

  return {
    async kindOf(ref, signal) {
      const apiVersion =
        ref.apiVersion === undefined || ref.apiVersion === '' ? 'apps/v1' : ref.apiVersion
      const name = ref.kind === undefined || ref.kind === '' ? 'Deployment' : ref.kind
      if (apiVersion === 'apps/v1' && name === 'Deployment') return kinds.deployment
      if (apiVersion === 'apps/v1' && name === 'StatefulSet') return kinds.statefulSet
      const found = await cluster.resolve(apiVersion, name, signal)
      if (!found) throw failure('TARGET_KIND_UNKNOWN', { kind: name, apiVersion })
      return found
    },
    mirrored(kind, ref) {
      const mirror = mirrorOf(kind)
      if (!mirror) return undefined
      const object = mirror.get(ref.namespace, ref.name)
      return object ? stateOf(object) : 'missing'
    },
    async read(kind, ref, signal) {
      const known = this.mirrored(kind, ref)
      if (known !== undefined) return known === 'missing' ? undefined : known
      const scale = await cluster.readScale(kind, ref, signal)
      return (
        scale && {
          replicas: scale.spec.replicas,
          resourceVersion: scale.metadata.resourceVersion ?? '',
          status: scale.status.replicas,
        }
      )
    },
    status: (kind, ref) => {
      const object = mirrorOf(kind)?.get(ref.namespace, ref.name)
      return object && (object.status?.replicas ?? 0)
    },
    async containers(kind, ref, signal) {
      const mirror = mirrorOf(kind)
      const object: Workload | undefined = mirror
        ? mirror.get(ref.namespace, ref.name)
        : await cluster.getAny(kind, ref, signal).catch(unlessForbidden)
      return object?.spec?.template?.spec?.containers ?? []
    },
    onChange(listener) {
      for (const [name, mirror] of [
        ['Deployment', deployments],
        ['StatefulSet', statefulSets],
      ] as const)
        mirror.onChange(({ before, after }) => {
          const changed = after ?? before
          if (changed)
            listener(name, {
              namespace: changed.metadata.namespace ?? '',
              name: changed.metadata.name,
            })
        })
    },
  }
}

/** Keeps of a Deployment or StatefulSet what Ebb reads: replicas, containers' environment, how many pods there are. */
export function trimWorkload(object: Workload): Workload {
  const { metadata, spec, status } = object
  const { generation } = metadata
  return {
    metadata: { ...trimMeta(metadata), ...(generation !== undefined && { generation }) },
    spec: {
      replicas: spec?.replicas ?? 1,
      ...(spec?.template && { template: trimTemplate(spec.template) }),
    },
    status: { replicas: status?.replicas ?? 0 },
  }
}

const trimTemplate = ({ spec }: PodTemplate): PodTemplate => ({
  spec: {
    containers: (spec?.containers ?? []).map(({ name, env, envFrom, resources }) => ({
      name,
      ...(env && { env }),
      ...(envFrom && { envFrom }),
      ...(resources && { resources: trimResources(resources) }),
    })),
  },
})

/** What cpu and memory triggers are judged by. */
const trimResources = ({
  requests,
  limits,
}: NonNullable<Container['resources']>): NonNullable<Container['resources']> => ({
  ...(requests && { requests }),
  ...(limits && { limits }),
})

const stateOf = ({ metadata, spec }: Workload): TargetState => ({
  replicas: spec?.replicas ?? 1,
  resourceVersion: metadata.resourceVersion ?? '',
})

/** The right to scale a kind does not include the right to read it; without it there is just no environment. */
function unlessForbidden(error: unknown): undefined {
  if (!isFailure(error, 'CLUSTER_FORBIDDEN')) throw error
}
