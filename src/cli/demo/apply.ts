import * as z from 'zod'
import type { Cluster } from '../../cluster.ts'
import { failure, reasonOf } from '../../errors.ts'
import { apiVersionOf, type Kind, kinds } from '../../kinds.ts'
import type { Resource, Secret, Workload } from '../../resources.ts'
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

/** A manifest with its kind and its namespace, and what it scales where it is a ScaledObject. */
interface Placed extends Manifest {
  readonly kind: Kind<Resource>
  readonly namespace: string
  readonly scales: Scales | undefined
}

/** The Deployment a ScaledObject names, and the queues of its triggers. */
interface Scales {
  readonly deployment: string | undefined
  readonly queues: readonly string[]
}

const scaledShape = z.object({
  spec: z.object({
    scaleTargetRef: z.object({ name: z.string(), kind: z.string().default('Deployment') }),
    triggers: z.array(
      z.object({
        type: z.string(),
        metadata: z.object({ queueName: z.string().optional() }).default({}),
      }),
    ),
  }),
})

/** What can be told without the schema; whether the object is right is the cluster's to say. */
function scalesOf(object: object): Scales {
  const { data } = scaledShape.safeParse(object)
  if (!data) return { deployment: undefined, queues: [] }
  const { scaleTargetRef, triggers } = data.spec
  return {
    deployment: scaleTargetRef.kind === 'Deployment' ? scaleTargetRef.name : undefined,
    queues: triggers.flatMap(({ type, metadata: { queueName } }) =>
      type === 'azure-queue' && queueName !== undefined ? [queueName] : [],
    ),
  }
}

/** Definitions are built in, and namespaces need not exist. */
const quiet = new Set(['Namespace', 'CustomResourceDefinition'])

const kindOf = ({ object }: Manifest): Kind<Resource> | undefined =>
  Object.values<Kind<Resource>>(kinds).find(
    (kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion,
  )

const leftOut = ({ object, where }: Manifest): string =>
  `${where}: ${object.kind} ${object.metadata.name} is left out; the demo's cluster has no ${object.apiVersion} ${object.kind}`

function place(manifest: Manifest): Placed | string | undefined {
  const kind = kindOf(manifest)
  const { object } = manifest
  if (!kind) return quiet.has(object.kind) ? undefined : leftOut(manifest)
  return {
    ...manifest,
    kind,
    namespace: object.metadata.namespace ?? 'default',
    scales: kind === kinds.scaledObject ? scalesOf(object) : undefined,
  }
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

/** Deployments that ScaledObjects name and no file brings. */
const missingTargets = (placed: readonly Placed[]): readonly Placed[] =>
  placed.flatMap(({ scales, namespace, where }) => {
    const name = scales?.deployment
    const there = placed.some(
      ({ kind, object, ...one }) =>
        kind === kinds.deployment && one.namespace === namespace && object.metadata.name === name,
    )
    if (name === undefined || there) return []
    // it names its apiVersion and kind
    const object = standIn(name, namespace) as Manifest['object']
    return [{ object, kind: kinds.deployment, namespace, where, scales: undefined }]
  })

/** The Deployment with pods that know which queues to work off; everything else stays as it was written. */
function working(one: Placed, all: readonly Placed[]): Placed {
  if (one.kind !== kinds.deployment) return one
  const queues = all.flatMap(({ scales, namespace }) =>
    namespace === one.namespace && scales?.deployment === one.object.metadata.name
      ? scales.queues
      : [],
  )
  if (queues.length === 0) return one
  // the kind says the shape; the cluster's schema check follows
  const { spec, ...rest } = one.object as Manifest['object'] & Workload
  const annotations = { [queuesAnnotation]: [...new Set(queues)].join(',') }
  const metadata = { ...spec?.template?.metadata, annotations }
  const object = { ...rest, spec: { ...spec, template: { ...spec?.template, metadata } } }
  return { ...one, object }
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

/**
 * Puts the objects into the demo's cluster, ScaledObjects last. Deployments that are named but missing are made, with no
 * replicas; every namespace gets the Secret with the demo's connection string. What the cluster refuses fails with
 * MANIFEST_INVALID, naming file and line.
 */
export async function apply(
  cluster: Cluster,
  manifests: readonly Manifest[],
  connection: string,
  signal: AbortSignal,
): Promise<Applied> {
  const results = manifests.map(place)
  const given = results.filter((one) => typeof one === 'object')
  const scaled = given.filter(({ scales }) => scales !== undefined)
  if (scaled.length === 0) {
    throw failure('MANIFEST_INVALID', { problems: ['no ScaledObject among the objects given'] })
  }
  const made = missingTargets(given)
  for (const namespace of new Set(scaled.map((one) => one.namespace))) {
    await cluster.create(kinds.secret, secretFor(namespace, connection), signal)
  }
  const others = [...given.filter(({ scales }) => scales === undefined), ...made]
  for (const one of [...others, ...scaled]) await put(cluster, working(one, scaled), signal)
  return {
    queues: [...new Set(scaled.flatMap(({ scales }) => scales?.queues ?? []))],
    notes: [
      ...results.filter((one) => typeof one === 'string'),
      ...made.map(
        ({ object, where }) =>
          `${where}: Deployment ${object.metadata.name} is named but not given; the demo made one`,
      ),
    ],
  }
}
