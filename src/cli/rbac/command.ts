import { Command } from 'commander'
import { several } from '../arguments.ts'

interface Given {
  readonly filename?: readonly string[]
  readonly kubeconfig?: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly clusterObjectNamespace?: string
}

async function run(given: Given, signal: AbortSignal): Promise<void> {
  const [{ inventoryOfCluster, inventoryOfFiles }, { readsOf }, { rolesFor }] = await Promise.all([
    import('./inventory.ts'),
    import('./reads.ts'),
    import('./roles.ts'),
  ])
  const { readManifests } = await import('../manifests.ts')
  const { withCluster } = await import('../cluster.ts')
  const inventory = given.filename
    ? inventoryOfFiles(await readManifests(given.filename))
    : await withCluster(given.kubeconfig, (cluster) => inventoryOfCluster(cluster, signal))
  const clusterNamespace = given.clusterObjectNamespace ?? given.namespace
  const reads = await readsOf(inventory.readers, { ...inventory, clusterNamespace })
  if (reads.length === 0) {
    console.error(
      'ebb: nothing to allow: no workload refers to a Secret or ConfigMap, nor has idle pods that go first',
    )
    return
  }
  const account = { namespace: given.namespace, name: given.serviceAccount }
  process.stdout.write(rolesFor(reads, account))
}

/** `ebb rbac`: the controller never writes RBAC; an admin applies what this prints. */
export const rbacCommand = (signal: AbortSignal): Command =>
  new Command('rbac')
    .description(
      'print Roles that let Ebb read exactly the Secrets and ConfigMaps its workloads refer to',
    )
    .option(
      '-f, --filename <file>',
      'look at files instead of a cluster; may be repeated, - is stdin',
      several,
    )
    .option('--kubeconfig <file>', 'cluster to look at; default as kubectl')
    .option('--namespace <name>', "Ebb's own namespace", 'ebb')
    .option('--service-account <name>', 'the account Ebb runs as', 'ebb')
    .option(
      '--cluster-object-namespace <name>',
      "where Secrets of ClusterTriggerAuthentications are (Ebb's own namespace)",
    )
    .action((given: Given) => run(given, signal))
