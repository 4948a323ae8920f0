import { createStores, type StoreParts } from '../../src/auth/stores.ts'
import type { Cluster } from '../../src/cluster.ts'
import { anywhere } from '../../src/http.ts'
import { createContents } from '../../src/control/contents.ts'
import {
  createController,
  findAuthenticationIn,
  type Controller,
  type Mirrors,
} from '../../src/control/controller.ts'
import { createEvents } from '../../src/control/events.ts'
import { trimForeignHpa, trimHpa } from '../../src/control/hpa.ts'
import { wholeScaledJob } from '../../src/control/jobs/controller.ts'
import { trimJob } from '../../src/control/jobs/kept.ts'
import { jobNameLabel } from '../../src/core/job-object.ts'
import { noMeter } from '../../src/control/meter.ts'
import type { MetricValue } from '../../src/control/insight.ts'
import type { Shared } from '../../src/control/shared.ts'
import { createTargets, trimWorkload } from '../../src/control/target.ts'
import {
  createEmbedded,
  type EmbeddedCluster,
  type EmbeddedOptions,
} from '../../src/embedded/cluster.ts'
import { formatReading } from '../../src/core/quantity.ts'
import { failure } from '../../src/errors.ts'
import { kinds, type Kind } from '../../src/kinds.ts'
import { limit } from '../../src/limit.ts'
import { silentLog } from '../../src/log.ts'
import { mirror, type Mirror } from '../../src/mirror.ts'
import { createEngine } from '../../src/poll/engine.ts'
import { createPods } from '../../src/pods.ts'
import type {
  HorizontalPodAutoscaler,
  Resource,
  ScaledObject,
  Secret,
  Workload,
} from '../../src/resources.ts'
import { scaledObjectOf } from '../../src/serve/selector.ts'
import { manualClock, type ManualClock } from './clock.ts'
import { memorySource, type MemorySource } from './memory-scaler.ts'

/** A controller on an embedded cluster with a manual clock and a source in memory. */
export interface Bench {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  readonly source: MemorySource
  readonly controller: () => Controller
  /** Every call that changes the cluster, as `verb kind namespace/name`. */
  readonly writes: string[]
  /** Stops the controller and starts another, as after a crash. */
  restart(): Promise<void>
  scaledObject(name?: string): Promise<ScaledObject>
  /** Changes the ScaledObject by a merge patch, as a user does. */
  change(patch: object, name?: string): Promise<void>
  /** What an HPA reads. */
  read(metric: string, name?: string): Promise<readonly MetricValue[]>
  /** The events of an object so far, as `type reason: note`. */
  events(name?: string): Promise<readonly string[]>
  hpa(name?: string): Promise<HorizontalPodAutoscaler | undefined>
  replicas(name?: string): Promise<number>
  condition(
    type: string,
    name?: string,
  ): Promise<{ status: string; reason?: string; message?: string }>
  close(): Promise<void>
}

export interface BenchOptions {
  /** Of the stores that authentications are read from. */
  readonly stores?: Partial<StoreParts>
  readonly shared?: Partial<Shared>
  readonly embedded?: Partial<EmbeddedOptions>
  /** The cluster's HPAs read Ebb, so that they scale; else they can read nothing. */
  readonly hpasRead?: boolean
  /** What the controller sees of the cluster. */
  readonly through?: (cluster: Cluster) => Cluster
}

const signal = new AbortController().signal
const namespace = 'default'

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = manualClock()
  const source = memorySource()
  const readExternalMetric: EmbeddedOptions['readExternalMetric'] = async (
    ns,
    metric,
    selector,
  ) => {
    const values = await run.controller.readings.read(ns, scaledObjectOf(selector, metric), metric)
    return values.map(formatReading)
  }
  const cluster = createEmbedded({
    clock,
    ...(options.hpasRead === true && { readExternalMetric }),
    ...options.embedded,
  })
  const writes: string[] = []
  const recorded = recording(cluster, writes)
  const watched = options.through?.(recorded) ?? recorded
  let run = await start(watched, clock, source, options.shared ?? {}, options.stores)

  const get = async <T extends Resource>(kind: Kind<T>, name: string): Promise<T | undefined> =>
    cluster.get(kind, { namespace, name }, signal)

  const bench: Bench = {
    clock,
    cluster,
    source,
    writes,
    controller: () => run.controller,
    async restart() {
      await run.close()
      run = await start(watched, clock, source, options.shared ?? {}, options.stores)
    },
    async scaledObject(name = 'orders') {
      const found = await get(kinds.scaledObject, name)
      if (!found) throw new Error(`no ScaledObject ${name}`)
      return found
    },
    async change(patch, name = 'orders') {
      await cluster.patch(kinds.scaledObject, { namespace, name }, patch, {}, signal)
    },
    read: (metric, name = 'orders') => run.controller.readings.read(namespace, name, metric),
    async events(name = 'orders') {
      const { items } = await cluster.list(kinds.event, {}, signal)
      return items
        .filter(({ regarding }) => regarding.name === name)
        .map(({ type, reason, note }) => `${type} ${reason}: ${note}`)
    },
    hpa: (name = 'orders') => get(kinds.hpa, `keda-hpa-${name}`),
    async replicas(name = 'orders') {
      return (await get(kinds.deployment, name))?.spec?.replicas ?? -1
    },
    async condition(type, name = 'orders') {
      const found = (await bench.scaledObject(name)).status?.conditions?.find(
        (c) => c.type === type,
      )
      return found ?? { status: 'absent' }
    },
    async close() {
      await run.close()
      await cluster.close()
    },
  }
  return bench
}

async function start(
  cluster: Cluster,
  clock: ManualClock,
  source: MemorySource,
  overrides: Partial<Shared>,
  parts: Partial<StoreParts> = {},
): Promise<{ controller: Controller; close(): Promise<void> }> {
  const stop = new AbortController()
  const open = <T extends Resource, K extends Resource>(
    kind: Kind<T>,
    keep: (object: T) => K,
    labelSelector?: string,
  ): Mirror<K> =>
    mirror(
      cluster,
      clock,
      kind,
      labelSelector === undefined ? {} : { labelSelector },
      keep,
      { random: () => 0.5 },
      stop.signal,
    )
  const mirrors: Mirrors = {
    scaledObjects: open(kinds.scaledObject, (o) => o),
    authentications: open(kinds.triggerAuthentication, (o) => o),
    clusterAuthentications: open(kinds.clusterTriggerAuthentication, (o) => o),
    deployments: open(kinds.deployment, trimWorkload),
    statefulSets: open(kinds.statefulSet, trimWorkload),
    hpas: open(kinds.hpa, trimHpa, 'app.kubernetes.io/managed-by=keda-operator'),
    scaledJobs: open(kinds.scaledJob, wholeScaledJob),
    jobs: open(kinds.job, trimJob, jobNameLabel),
    foreignHpas: open(kinds.hpa, trimForeignHpa, 'app.kubernetes.io/managed-by!=keda-operator'),
  }
  const pods = createPods(cluster, clock, () => 0.5)
  const host = {
    clock,
    timeout: 3_000,
    ...anywhere,
    followPods: (namespace: string, selector: string) => pods.follow(namespace, selector),
    token: () => Promise.reject(new Error('no tokens here')),
  }
  const engine = createEngine({
    // polls have the same phases in every run
    digestKey: new Uint8Array(32),
    clock,
    host,
    meter: { late() {}, asked() {}, inFlight() {} },
    random: () => 0.5,
  })
  const contents = createContents(createStores({ cluster, clock, ...parts }), clock)
  const events = createEvents(cluster, clock, 'test', silentLog, stop.signal)
  await Promise.all([...Object.values(mirrors).map((m) => m.synced), clock.advance(0)])
  const controller = createController(mirrors, {
    cluster,
    clock,
    log: silentLog,
    engine,
    targets: createTargets(cluster, mirrors.deployments, mirrors.statefulSets),
    contents,
    events,
    meter: noMeter,
    limited: limit(16),
    version: 'test',
    clusterNamespace: 'ebb',
    hold: false,
    random: () => 0.5,
    load: async (type) => {
      if (type !== 'queue') throw failure('TRIGGER_UNKNOWN', { type, known: ['queue'] })
      return source.scaler
    },
    followPods: (...which) => pods.follow(...which),
    findAuthentication: findAuthenticationIn(mirrors),
    findHpa: (ns, name) => mirrors.hpas.get(ns, name),
    writes: () => true,
    standsBy: () => false,
    metricsOwner: () => undefined,
    ...overrides,
  })
  return {
    controller,
    async close() {
      const closed = controller.close()
      stop.abort()
      await clock.advance(0)
      await closed
      await engine.close()
      await pods.close()
      contents.close()
    },
  }
}

/** The same cluster, noting every write. Reviews and events are left out. */
function recording(cluster: EmbeddedCluster, writes: string[]): Cluster {
  const note = (
    verb: string,
    kind: { readonly kind: string },
    ref: { namespace?: string; name: string },
  ): void => {
    if (kind.kind !== 'Event')
      writes.push(`${verb} ${kind.kind} ${ref.namespace ?? ''}/${ref.name}`)
  }
  return {
    ...cluster,
    create(kind, object, s) {
      note('create', kind, object.metadata)
      return cluster.create(kind, object, s)
    },
    replace(kind, object, s) {
      note('replace', kind, object.metadata)
      return cluster.replace(kind, object, s)
    },
    patch(kind, ref, patch, options, s) {
      note(`patch${options.subresource === undefined ? '' : '/status'}`, kind, ref)
      return cluster.patch(kind, ref, patch, options, s)
    },
    apply(kind, object, s) {
      note('apply', kind, object.metadata)
      return cluster.apply(kind, object, s)
    },
    remove(kind, ref, options, s) {
      note(options.foreground === true ? 'remove:foreground' : 'remove', kind, ref)
      return cluster.remove(kind, ref, options, s)
    },
    writeScale(target, scale, s) {
      note(`scale:${scale.spec.replicas}`, target, scale.metadata)
      return cluster.writeScale(target, scale, s)
    },
  }
}

/** A Deployment with one container. */
export const deployment = (name = 'orders', replicas = 0, env: object[] = []): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      // the container's variables are given as a test needs them
      spec: { containers: [{ name: 'main', image: 'image', env: env as never }] },
    },
  },
})

/** A ScaledObject on that Deployment with one trigger of the source in memory. */
export const scaledObject = (
  spec: Partial<ScaledObject['spec']> = {},
  metadata: Partial<ScaledObject['metadata']> = {},
): ScaledObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { namespace, name: 'orders', ...metadata },
  spec: {
    scaleTargetRef: { name: metadata.name ?? 'orders' },
    pollingInterval: 10,
    cooldownPeriod: 60,
    maxReplicaCount: 10,
    triggers: [{ type: 'queue', metadata: { queue: metadata.name ?? 'orders' } }],
    ...spec,
  },
})

export const secret = (name: string, data: Readonly<Record<string, string>>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name },
  data: Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  ),
})

export const forever = signal
