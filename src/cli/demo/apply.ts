import type { Cluster } from '../../cluster.ts'
import { failure, reasonOf } from '../../errors.ts'
import { apiVersionOf, type Kind, kinds } from '../../kinds.ts'
import type { Resource, ScaledObject, Secret, Workload } from '../../resources.ts'
import type { Manifest } from '../manifests.ts'
import { storageSecret } from './sample.ts'
import { queuesAnnotation } from './worker.ts'

/** What was applied, for the user to read and the demo to serve. */
export interface Applied {
  /** Queues that the workloads are scaled on, in order. */
  readonly queues: readonly string[]
  /** What was left out or added, one sentence each. */
  readonly notes: readonly string[]
}

type Known = Kind<Resource>
interface Placed extends Manifest {
  readonly kind: Known
  readonly namespace: string
}

const defaultNamespace = 'default'

/** Definitions are built in, and namespaces need not exist. */
const quiet = new Set(['Namespace', 'CustomResourceDefinition'])

const kindOf = ({ object }: Manifest): Known | undefined =>
  Object.values<Known>(kinds).find(
    (kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion,
  )

const isScaled = (kind: Known): boolean => kind === kinds.scaledObject || kind === kinds.scaledJob

const isDeployment = (kind: Known): boolean => kind === kinds.deployment

function place(manifests: readonly Manifest[]): {
  readonly placed: readonly Placed[]
  readonly notes: readonly string[]
} {
  const notes: string[] = []
  const placed = manifests.flatMap((manifest) => {
    const { object, where } = manifest
    const kind = kindOf(manifest)
    if (quiet.has(object.kind)) return []
    if (kind)
      return [{ ...manifest, kind, namespace: object.metadata.namespace ?? defaultNamespace }]
    notes.push(
      `${where}: ${object.kind} ${object.metadata.name} is left out; the demo's cluster has no ${object.apiVersion} ${object.kind}`,
    )
    return []
  })
  return { placed, notes }
}

const scaledObjects = (placed: readonly Placed[]): readonly (Placed & { object: ScaledObject })[] =>
  // the kind says the shape; the cluster's schema check follows
  placed.filter(({ kind }) => kind === kinds.scaledObject) as unknown as (Placed & {
    object: ScaledObject
  })[]

const queuesOf = ({ spec }: ScaledObject): readonly string[] =>
  (spec?.triggers ?? []).flatMap((trigger) => {
    const name = trigger.metadata?.['queueName']
    return trigger.type === 'azure-queue' && name !== undefined ? [name] : []
  })

const targetName = (object: ScaledObject): string | undefined => {
  const ref = object.spec?.scaleTargetRef
  return ref && (ref.kind ?? 'Deployment') === 'Deployment' ? ref.name : undefined
}

const standIn = (name: string, namespace: string): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: name }] },
    },
  },
})

/** The Deployment with pods that know which queues to work off. */
function working(deployment: Workload, queues: readonly string[]): Workload {
  const { spec } = deployment
  const metadata = {
    ...spec?.template?.metadata,
    annotations: { [queuesAnnotation]: queues.join(',') },
  }
  return { ...deployment, spec: { ...spec, template: { ...spec?.template, metadata } } }
}

async function put(cluster: Cluster, one: Placed, signal: AbortSignal): Promise<void> {
  const { kind, namespace, where } = one
  const metadata = { ...one.object.metadata, ...(kind.namespaced ? { namespace } : {}) }
  try {
    await cluster.create(kind, { ...one.object, metadata }, signal)
  } catch (error) {
    throw failure('MANIFEST_INVALID', { problems: [`${where}: ${reasonOf(error)}`] }, error)
  }
}

const secretFor = (namespace: string, connection: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: storageSecret.name, namespace },
  data: { [storageSecret.key]: Buffer.from(connection).toString('base64') },
})

/** Deployments that ScaledObjects name and no file brings. */
function missingTargets(placed: readonly Placed[]): readonly Placed[] {
  return scaledObjects(placed).flatMap(({ object, namespace, where }) => {
    const name = targetName(object)
    const there = placed.some(
      (one) =>
        isDeployment(one.kind) && one.namespace === namespace && one.object.metadata.name === name,
    )
    if (name === undefined || there) return []
    // it names its apiVersion and kind
    const made = standIn(name, namespace) as Manifest['object']
    return [{ object: made, kind: kinds.deployment, namespace, where }]
  })
}

/** Pod templates of targets learn the queues; everything else stays as it was written. */
function withQueues(placed: readonly Placed[]): readonly Placed[] {
  const scaled = scaledObjects(placed)
  return placed.map((one) => {
    if (!isDeployment(one.kind)) return one
    const queues = scaled
      .filter(
        ({ object, namespace }) =>
          namespace === one.namespace && targetName(object) === one.object.metadata.name,
      )
      .flatMap(({ object }) => queuesOf(object))
    return queues.length === 0
      ? one
      : { ...one, object: working(one.object, [...new Set(queues)]) as Manifest['object'] }
  })
}

/**
 * Puts the objects into the demo's cluster, scaled workloads last. Deployments that are named but missing are made, with
 * no replicas; every namespace gets the Secret with the demo's connection string. What the cluster refuses fails with
 * MANIFEST_INVALID, naming file and line.
 */
export async function apply(
  cluster: Cluster,
  manifests: readonly Manifest[],
  connection: string,
  signal: AbortSignal,
): Promise<Applied> {
  const { placed, notes } = place(manifests)
  const scaled = scaledObjects(placed)
  if (scaled.length === 0) {
    throw failure('MANIFEST_INVALID', { problems: ['no ScaledObject among the objects given'] })
  }
  const made = missingTargets(placed)
  const all = withQueues([...placed, ...made])
  for (const namespace of new Set(scaled.map((one) => one.namespace))) {
    await cluster.create(kinds.secret, secretFor(namespace, connection), signal)
  }
  const order = [
    ...all.filter(({ kind }) => !isScaled(kind)),
    ...all.filter(({ kind }) => isScaled(kind)),
  ]
  for (const one of order) await put(cluster, one, signal)
  return {
    queues: [...new Set(scaled.flatMap(({ object }) => queuesOf(object)))],
    notes: [
      ...notes,
      ...made.map(
        ({ object, where }) =>
          `${where}: Deployment ${object.metadata.name} is named but not given; the demo made one`,
      ),
    ],
  }
}
