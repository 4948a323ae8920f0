import { Command, Option } from 'commander'
import { workloadKinds, type WorkloadKind } from '../../core/workload-kinds.ts'
import { objectName } from '../arguments.ts'
import type { Answer, ObjectName } from './ask.ts'

interface Given {
  readonly demo?: boolean
  readonly json?: boolean
  readonly kind?: WorkloadKind
  readonly kubeconfig?: string
}

async function ask(target: ObjectName, given: Given, signal: AbortSignal): Promise<Answer> {
  const { askCluster, askPage, hintOf } = await import('./ask.ts')
  if (given.demo) {
    const { findDemo } = await import('../demo/folder.ts')
    const { page } = await findDemo(process.env)
    return askPage(page, target, signal)
  }
  const { withCluster } = await import('../cluster.ts')
  return withCluster(given.kubeconfig, async (cluster) => {
    const answer = await askCluster(cluster, target, signal)
    const hint = await hintOf(cluster, target, answer, signal)
    if (hint !== undefined) console.error(`ebb: ${hint}`)
    return answer
  })
}

async function run(target: ObjectName, given: Given, signal: AbortSignal): Promise<void> {
  const { view, at } = await ask({ ...target, kind: given.kind }, given, signal)
  if (given.json) {
    console.log(JSON.stringify(view, undefined, 2))
    return
  }
  const { render } = await import('./render.ts')
  console.log(render(view, at).join('\n'))
}

/** `ebb explain`: why a workload has the replicas or Jobs it has. */
export const explainCommand = (signal: AbortSignal): Command =>
  new Command('explain')
    .description('print why a workload has the replicas or Jobs it has')
    .argument('<namespace/name>', 'the ScaledObject or ScaledJob', objectName)
    .addOption(
      new Option('--kind <kind>', 'which is meant where two have one name').choices(workloadKinds),
    )
    .option('--kubeconfig <file>', 'cluster to ask; default as kubectl')
    .option('--demo', 'ask the demo that runs here')
    .option('--json', 'print everything that is known, for programs')
    .action((target: ObjectName, given: Given) => run(target, given, signal))
