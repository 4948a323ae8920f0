import { Command } from 'commander'
import type { Cluster } from '../../cluster.ts'
import { workloadKinds, type WorkloadKind } from '../../core/workload-kinds.ts'
import { reasonOf } from '../../errors.ts'
import { kinds } from '../../kinds.ts'
import { limit } from '../../limit.ts'
import type { Resource } from '../../resources.ts'
import { keyOf } from '../../serve/dashboard/shape.ts'
import { objectName } from '../arguments.ts'
import type { ObjectName } from '../explain/ask.ts'
import { listAll } from '../list-all.ts'
import type { Asked } from './render.ts'

interface Given {
  readonly namespace?: string
  readonly json?: boolean
  readonly kubeconfig?: string
}

/** Questions under way at once. */
const concurrency = 8

/** Every ScaledObject and ScaledJob there is, by name. */
export async function workloadsOf(
  cluster: Pick<Cluster, 'list'>,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly ObjectName[]> {
  const objects = await listAll(cluster, kinds.scaledObject, signal, namespace)
  const jobs = await listAll(cluster, kinds.scaledJob, signal, namespace)
  const named =
    (kind: WorkloadKind) =>
    ({ metadata }: Resource): ObjectName => ({
      kind,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
    })
  return [...objects.map(named('ScaledObject')), ...jobs.map(named('ScaledJob'))]
}

/** The same of names that the user gave; one that is none of a workload is asked for all the same, and then says so. */
export async function workloadsNamed(
  cluster: Pick<Cluster, 'get'>,
  names: readonly ObjectName[],
  signal: AbortSignal,
): Promise<readonly ObjectName[]> {
  const { kindsNamed } = await import('../explain/ask.ts')
  const found: ObjectName[] = []
  for (const name of names) {
    const kinds = await kindsNamed(cluster, name, workloadKinds, signal)
    found.push(...(kinds.length === 0 ? [name] : kinds.map((kind) => ({ ...name, kind }))))
  }
  return found
}

/** Names for people, with the kind of those that have a namesake. */
export function labelling(all: readonly ObjectName[]): (one: ObjectName) => string {
  const times = Map.groupBy(all, keyOf)
  return (one) => {
    const shared = (times.get(keyOf(one))?.length ?? 0) > 1
    return shared && one.kind !== undefined ? `${one.kind} ${keyOf(one)}` : keyOf(one)
  }
}

async function askAll(
  cluster: Cluster,
  names: readonly ObjectName[],
  signal: AbortSignal,
): Promise<readonly Asked[]> {
  const { askCluster } = await import('../explain/ask.ts')
  const limited = limit(concurrency)
  const labelOf = labelling(names)
  let done = 0
  const one = async (target: ObjectName): Promise<Asked> => {
    const workload = labelOf(target)
    try {
      const { view } = await askCluster(cluster, target, signal)
      return { workload, view }
    } catch (error) {
      signal.throwIfAborted()
      return { workload, problem: reasonOf(error) }
    } finally {
      done++
      if (process.stderr.isTTY && names.length > concurrency)
        process.stderr.write(
          `\r${done < names.length ? `asked ${done} of ${names.length}` : '\x1b[K'}`,
        )
    }
  }
  return Promise.all(names.map((target) => limited(() => one(target))))
}

async function run(named: readonly ObjectName[], given: Given, signal: AbortSignal): Promise<void> {
  const { withCluster } = await import('../cluster.ts')
  const { differencesOf, render } = await import('./render.ts')
  const asked = await withCluster(given.kubeconfig, async (cluster) => {
    const names = await (named.length > 0
      ? workloadsNamed(cluster, named, signal)
      : workloadsOf(cluster, given.namespace, signal))
    return askAll(cluster, names, signal)
  })
  const differences = differencesOf(asked)
  if (given.json)
    console.log(JSON.stringify({ workloads: asked.length, differences }, undefined, 2))
  else console.log(render(differences, asked.length).join('\n'))
  process.exitCode = differences.length > 0 ? 1 : 0
}

/** `ebb diff`: where the cluster's replicas and Ebb's decisions part. */
export const diffCommand = (signal: AbortSignal): Command =>
  new Command('diff')
    .description('print where the replicas of workloads and what Ebb decides on part, and why')
    .argument(
      '[namespace/name...]',
      'ScaledObjects or ScaledJobs; all when none is named',
      collect,
      [],
    )
    .option('-n, --namespace <name>', 'only those of this namespace')
    .option('--kubeconfig <file>', 'cluster to ask; default as kubectl')
    .option('--json', 'print it for programs')
    .addHelpText('after', '\nExits with 0 where they are the same, with 1 where they differ.')
    .action((named: readonly ObjectName[], given: Given) => run(named, given, signal))

const collect = (text: string, before: readonly ObjectName[]): readonly ObjectName[] => [
  ...before,
  objectName(text),
]
