import { workloadKinds } from './workload-kinds.ts'

/** One annotation of Ebb's own: the row from which admission judges it and the documentation tells of it. */
export interface OwnAnnotation {
  readonly name: string
  /** The kinds it means something on. */
  readonly on: readonly string[]
  /** The values that mean something; any where there are none. */
  readonly values: readonly string[]
  /** The value as users write it. */
  readonly form: string
  /** Ebb writes it itself: nobody need set it. */
  readonly kept: boolean
  readonly doc: string
}

const authentications = ['TriggerAuthentication', 'ClusterTriggerAuthentication']

const rows = {
  scaling: {
    on: ['ScaledObject'],
    values: ['direct', 'hpa'],
    doc: 'Who scales between 1 and `maxReplicaCount`. `hpa`, the default: an HPA that Ebb makes. `direct`: Ebb itself, through `/scale`, at every poll and by the rules of an HPA; no HPA and no external metrics API are needed. cpu and memory triggers need metrics.k8s.io, as with an HPA; from a cluster that does not serve it they are errors, so that nothing is lowered.',
  },
  mode: {
    on: workloadKinds,
    values: ['shadow', 'active'],
    doc: '`shadow`: it is decided and recorded, and nothing at all is written for this object; `ebb diff` says what would be. `active` is the default.',
  },
  demand: {
    on: ['ScaledObject'],
    values: ['sum', 'max'],
    doc: 'How the replicas that several triggers ask for are taken together. `max`, the default: the most counts. `sum`: they are added, each rounded up. Does not go together with `scalingModifiers`.',
  },
  'hold-on': {
    on: ['ScaledObject'],
    form: 'NAME,...',
    doc: 'Triggers, by `name`, that can keep the replicas there are and never add any, nor wake the workload: such as all messages, visible and in flight. The others decide on scale-out, so at least one must be left. Does not go together with `scalingModifiers`, nor with cpu and memory triggers, which an HPA measures.',
  },
  'idle-label': {
    on: ['ScaledObject'],
    form: 'KEY or KEY=VALUE',
    doc: 'By which label of theirs its pods say that they are idle. With `ebb.dev/scaling: direct`, those go first when replicas are taken away: Ebb lowers their `controller.kubernetes.io/pod-deletion-cost` just before. ReplicaSets heed it, so Deployments do, and StatefulSets do not. Ebb must be allowed to patch pods: `kubectl apply --server-side -k manifests/deletion-cost` ([how it works](decisions/idle-pods-go-first.md)).',
  },
  'allowed-namespaces': {
    on: ['ClusterTriggerAuthentication'],
    form: 'NAME,PREFIX*,...',
    doc: 'The namespaces whose workloads may use it; all without it.',
  },
  'allowed-endpoints': {
    on: authentications,
    form: 'HOST:PORT,...',
    doc: 'Where what it gives may be sent, in the form of `--allowed-endpoints`; anywhere that allows without it.',
  },
  'copied-keys': {
    on: ['HorizontalPodAutoscaler'],
    kept: true,
    doc: 'The labels and annotations that the HPA has from its ScaledObject, so that those taken away there go here too.',
  },
  address: {
    on: ['Lease'],
    kept: true,
    doc: 'Where the replica that leads is reached by the others.',
  },
} satisfies Readonly<Record<string, Partial<OwnAnnotation>>>

export type OwnName = keyof typeof rows

/** What the names of all of them begin with. */
export const ownPrefix = 'ebb.dev/'

/** The full name, as it stands in an object. */
export const annotation = (name: OwnName): string => ownPrefix + name

/** Every annotation of Ebb's own. */
export const ownAnnotations: readonly OwnAnnotation[] = Object.entries(rows).map(
  ([name, row]: [string, Partial<OwnAnnotation>]) => ({
    name: ownPrefix + name,
    on: row.on ?? [],
    values: row.values ?? [],
    form: row.form ?? row.values?.join(' or ') ?? '',
    kept: row.kept ?? false,
    doc: row.doc ?? '',
  }),
)
