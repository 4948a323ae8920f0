import type { Cluster } from '../../cluster.ts'
import { wholeScaledJob } from '../../control/jobs/controller.ts'
import { kinds, type Kind } from '../../kinds.ts'
import type {
  Container,
  PodTemplate,
  Resource,
  ScaledJob,
  ScaledObject,
  ScaleTargetRef,
  TriggerAuthentication,
} from '../../resources.ts'
import { prefersIdle } from '../../core/mode.ts'
import { listAll } from '../list-all.ts'
import type { Manifest } from '../manifests.ts'
import type { Reader } from './reads.ts'

/** The objects that say what Ebb reads, wherever they come from. */
export interface Inventory {
  readonly readers: readonly Reader[]
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
}

type Authentications = ReadonlyMap<string, TriggerAuthentication>

const keyOf = (kind: string, namespace: string, name: string): string =>
  kind === kinds.clusterTriggerAuthentication.kind
    ? `${kind}/${name}`
    : `${kind}/${namespace}/${name}`

const finder =
  (all: Authentications): Inventory['find'] =>
  (kind, namespace, name) =>
    all.get(keyOf(kind, namespace, name))

const containersIn = (template: PodTemplate | undefined): readonly Container[] =>
  template?.spec?.containers ?? []

/** Every kind that Kubernetes can scale and that runs pods keeps their template here. */
interface Owner {
  readonly spec?: { readonly template?: PodTemplate }
}
const templateOf = (owner: Owner | undefined): PodTemplate | undefined => owner?.spec?.template

const jobReader = ({ metadata, spec }: ScaledJob): Reader => ({
  namespace: metadata.namespace ?? 'default',
  triggers: spec.triggers,
  containers: containersIn(spec.jobTargetRef.template),
  envSourceContainerName: spec.envSourceContainerName,
  idle: false,
})

const objectReader = ({ metadata, spec }: ScaledObject, target: object | undefined): Reader => ({
  namespace: metadata.namespace ?? 'default',
  triggers: spec.triggers,
  containers: containersIn(templateOf(target)),
  envSourceContainerName: spec.scaleTargetRef.envSourceContainerName,
  idle: prefersIdle(metadata.annotations),
})

const targetKind = (ref: ScaleTargetRef): string =>
  ref.kind === undefined || ref.kind === '' ? 'Deployment' : ref.kind

/** The objects of files; a target that is in none of them has no containers. */
export function inventoryOfFiles(manifests: readonly Manifest[]): Inventory {
  const objects = manifests.map(({ object }) => object)
  const of = <T extends Resource>(kind: Kind<T>): readonly T[] =>
    // the kind's name and group say which shape was written
    objects.filter(
      (object) => object.kind === kind.kind && object.apiVersion.startsWith(`${kind.group}/`),
    ) as unknown as readonly T[]
  const target = ({ metadata, spec }: ScaledObject): object | undefined =>
    objects.find(
      (object) =>
        object.kind === targetKind(spec.scaleTargetRef) &&
        object.metadata.name === spec.scaleTargetRef.name &&
        (object.metadata.namespace ?? 'default') === (metadata.namespace ?? 'default'),
    )
  const named = [kinds.triggerAuthentication, kinds.clusterTriggerAuthentication].flatMap((kind) =>
    of(kind).map(
      (one) =>
        [keyOf(kind.kind, one.metadata.namespace ?? 'default', one.metadata.name), one] as const,
    ),
  )
  return {
    readers: [
      ...of(kinds.scaledObject).map((one) => objectReader(one, target(one))),
      ...of(kinds.scaledJob).map(wholeScaledJob).map(jobReader),
    ],
    find: finder(new Map(named)),
  }
}

async function targetOf(
  { metadata, spec: { scaleTargetRef: ref } }: ScaledObject,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<object | undefined> {
  const kind = await cluster.resolve(ref.apiVersion ?? 'apps/v1', targetKind(ref), signal)
  if (!kind) return undefined
  return cluster.getAny(
    kind,
    { namespace: metadata.namespace ?? 'default', name: ref.name },
    signal,
  )
}

/** The objects of a cluster, with one request per target besides the lists. */
export async function inventoryOfCluster(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Inventory> {
  const named = new Map<string, TriggerAuthentication>()
  for (const kind of [kinds.triggerAuthentication, kinds.clusterTriggerAuthentication]) {
    for (const one of await listAll(cluster, kind, signal)) {
      named.set(keyOf(kind.kind, one.metadata.namespace ?? '', one.metadata.name), one)
    }
  }
  const readers: Reader[] = (await listAll(cluster, kinds.scaledJob, signal))
    .map(wholeScaledJob)
    .map(jobReader)
  for (const one of await listAll(cluster, kinds.scaledObject, signal)) {
    readers.push(objectReader(one, await targetOf(one, cluster, signal)))
  }
  return { readers, find: finder(named) }
}
