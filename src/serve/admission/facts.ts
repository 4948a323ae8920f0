import type { Facts } from '../../admission/judge.ts'
import type { Described } from '../../admission/metadata.ts'
import { kindOf, type Neighbours } from '../../admission/neighbours.ts'
import { isMeasured, type Measured } from '../../admission/usage.ts'
import { deadline, type Clock } from '../../clock.ts'
import type { Cluster } from '../../cluster.ts'
import { failure } from '../../errors.ts'
import { kinds } from '../../kinds.ts'
import type { Mirror } from '../../mirror.ts'
import type {
  LimitRange,
  ScaledObject,
  TriggerAuthentication,
  TriggerSpec,
  Workload,
} from '../../resources.ts'

/** Where the facts come from: the mirrors, and the API server for what no mirror has. */
export interface FactSource {
  readonly cluster: Pick<Cluster, 'get' | 'resolve'>
  readonly clock: Clock
  readonly deployments: Mirror<Workload>
  readonly statefulSets: Mirror<Workload>
  readonly limitRanges: Mirror<LimitRange>
  readonly neighbours: (namespace: string) => Neighbours
  readonly types: readonly string[]
  readonly load: (type: string) => Promise<Described>
  readonly authentication: (
    kind: string,
    namespace: string,
    name: string,
  ) => TriggerAuthentication | undefined
}

/** Everything that must be asked for is asked at once, for so long (ms); what is not known then is not held against the object. */
const patience = 700

/** The facts of one object, and whether the cluster has no such kind of target. */
export interface Known {
  readonly facts: Facts
  readonly kindMissing: boolean
}

interface Judged {
  readonly scaledObject: ScaledObject | undefined
  readonly namespace: string
  readonly triggers: readonly TriggerSpec[]
  /** A dry run does not look at the target, as in KEDA. */
  readonly dryRun: boolean
}

export async function factsOf(
  { scaledObject, namespace, triggers, dryRun }: Judged,
  source: FactSource,
  signal: AbortSignal,
): Promise<Known> {
  const { clock, types } = source
  const wait = deadline(clock, patience, signal, () => failure('ANSWER_LATE', { ms: patience }))
  const within = <T>(work: Promise<T>): Promise<T | undefined> => orNothing(work, wait.signal)
  try {
    const wanted = [...new Set(triggers.map(({ type }) => type))].filter((t) => types.includes(t))
    const measured = scaledObject !== undefined && !dryRun && isMeasured(scaledObject)
    const [scalers, target, kindMissing] = await Promise.all([
      Promise.all(wanted.map((type) => within(source.load(type)))),
      measured ? within(targetOf(scaledObject, namespace, source, wait.signal)) : undefined,
      scaledObject ? within(lacksKind(scaledObject, source, wait.signal)) : false,
    ])
    const byType = new Map(scalers.flatMap((s) => (s ? [[s.type, s] as const] : [])))
    return {
      kindMissing: kindMissing === true,
      facts: {
        neighbours: source.neighbours(namespace),
        target,
        limits: inNamespace(source.limitRanges, namespace),
        types,
        scaler: (type) => byType.get(type),
        authentication: (kind, name) => source.authentication(kind, namespace, name),
        judgesTarget: !dryRun,
      },
    }
  } finally {
    wait.clear()
  }
}

/** What the work comes to, unless it fails or is not done in time. */
async function orNothing<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const end = (): void => late.resolve(undefined)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([work.catch(() => undefined), late.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** What was applied a moment ago may not be in the mirror yet, so what is not there is asked for. */
async function targetOf(
  { spec }: ScaledObject,
  namespace: string,
  source: FactSource,
  signal: AbortSignal,
): Promise<Measured> {
  const { name, kind } = spec.scaleTargetRef
  const sets = kind === 'StatefulSet'
  const mirrored = (sets ? source.statefulSets : source.deployments).get(namespace, name)
  const ref = { namespace, name }
  const found =
    mirrored ?? (await source.cluster.get(sets ? kinds.statefulSet : kinds.deployment, ref, signal))
  return found ? { containers: found.spec?.template?.spec?.containers ?? [] } : 'missing'
}

async function lacksKind(
  { spec }: ScaledObject,
  { cluster }: FactSource,
  signal: AbortSignal,
): Promise<boolean> {
  const { apiVersion, kind } = spec.scaleTargetRef
  const known = ['apps/v1.Deployment', 'apps/v1.StatefulSet']
  if (known.includes(kindOf(spec.scaleTargetRef))) return false
  return (
    (await cluster.resolve(apiVersion || 'apps/v1', kind || 'Deployment', signal)) === undefined
  )
}

function* inNamespace(mirror: Mirror<LimitRange>, namespace: string): Generator<LimitRange> {
  for (const limits of mirror.values()) if (limits.metadata.namespace === namespace) yield limits
}
