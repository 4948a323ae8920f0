import { Agent } from 'undici'
import type { Cluster } from '../../cluster.ts'
import type { WorkloadView } from '../../control/insight.ts'
import { workloadKinds, type WorkloadKind } from '../../core/workload-kinds.ts'
import { failure, isFailure, reasonOf } from '../../errors.ts'
import type { Kind } from '../../kinds.ts'
import type { Resource } from '../../resources.ts'
import { metricsGroup, metricsVersion } from '../../serve/discovery.ts'
import { linkOf } from '../../serve/dashboard/shape.ts'
import { explainName, explainResource, kindOf, type Explanation } from '../../serve/explain.ts'

/** A workload as the controller sees it, and the time there (epoch ms). */
export interface Answer {
  readonly view: WorkloadView
  readonly at: number
}

export interface ObjectName {
  readonly namespace: string
  readonly name: string
  /** Which is meant where a ScaledObject and a ScaledJob have one name. */
  readonly kind?: WorkloadKind | undefined
}

/** Asks the page's own API at `base`. Fails with WORKLOAD_UNKNOWN or ANSWER_UNREADABLE. */
export async function askPage(
  base: string,
  { namespace, name, kind }: ObjectName,
  signal: AbortSignal,
): Promise<Answer> {
  const { href: address, origin } = new URL(
    `api/workloads/${linkOf({ namespace, name, kind })}`,
    base,
  )
  const path = address.slice(origin.length)
  const agent = new Agent()
  try {
    const asked = { origin, path, method: 'GET', signal, headersTimeout: 5_000 } as const
    const { statusCode, body } = await agent.request(asked)
    const answer: unknown = await body.json()
    if (statusCode === 404) throw failure('WORKLOAD_UNKNOWN', { workload: `${namespace}/${name}` })
    // written by the same version of Ebb, from these very types
    const { at, workload } = answer as { at: number; workload: WorkloadView }
    return { at, view: workload }
  } catch (error) {
    signal.throwIfAborted()
    if (isFailure(error)) throw error
    throw failure('ANSWER_UNREADABLE', { address, why: reasonOf(error) }, error)
  } finally {
    await agent.destroy()
  }
}

/** Ebb's answer is no object, but the API server serves it where one would be. */
const explanations: Kind<Resource & Explanation> = {
  group: metricsGroup,
  version: metricsVersion,
  kind: 'Explanation',
  plural: explainResource,
  namespaced: true,
}

/**
 * Asks Ebb through the API server, as whoever the kubeconfig says. Fails with CLUSTER_NOT_FOUND where there is no such
 * ScaledObject or ScaledJob, with WORKLOAD_UNKNOWN where Ebb does not know it, with CLUSTER_FORBIDDEN, and as the cluster fails.
 */
export async function askCluster(
  cluster: Cluster,
  target: ObjectName,
  signal: AbortSignal,
): Promise<Answer> {
  const { namespace, name, kind } = target
  const asked = { namespace, name: explainName(name, kind) }
  const found = await cluster.get(explanations, asked, signal)
  if (found) return { at: found.at, view: found.workload }
  const among = kind === undefined ? workloadKinds : [kind]
  for (const each of among)
    if (await cluster.get(kindOf[each], target, signal))
      throw failure('WORKLOAD_UNKNOWN', { workload: `${namespace}/${name}` })
  throw failure('CLUSTER_NOT_FOUND', { what: `${among.join(' or ')} ${namespace}/${name}` })
}

/** The kinds, of these, of which there is a workload of that name, as far as the user may see them. */
export async function kindsNamed(
  cluster: Pick<Cluster, 'get'>,
  { namespace, name }: ObjectName,
  among: readonly WorkloadKind[],
  signal: AbortSignal,
): Promise<readonly WorkloadKind[]> {
  const found: WorkloadKind[] = []
  for (const kind of among) {
    try {
      if (await cluster.get(kindOf[kind], { namespace, name }, signal)) found.push(kind)
    } catch (error) {
      if (!isFailure(error, 'CLUSTER_FORBIDDEN')) throw error
    }
  }
  return found
}

/** What to say to who named no kind and was answered of one, where there is another of that name; undefined where there is none. */
export async function hintOf(
  cluster: Pick<Cluster, 'get'>,
  target: ObjectName,
  { view: { kind } }: Answer,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (target.kind !== undefined) return undefined
  const others = workloadKinds.filter((other) => other !== kind)
  const namesakes = await kindsNamed(cluster, target, others, signal)
  if (namesakes.length === 0) return undefined
  return `this is the ${kind}; --kind says which of the two of that name is meant`
}
