import { Command } from 'commander'
import { options } from '../../options.ts'
import { several } from '../arguments.ts'
import { optionOf } from '../run/command.ts'

interface Given {
  readonly filename?: readonly string[]
  readonly kubeconfig?: string
  readonly serviceAccount: string
  readonly namespace?: string
  readonly clusterObjectNamespace?: string
  readonly restrictSecretAccess?: boolean
}

async function run(given: Given, signal: AbortSignal): Promise<void> {
  const [{ inventoryOfCluster, inventoryOfFiles }, { readsOf }, { rolesFor }, { configOf }] =
    await Promise.all([
      import('./inventory.ts'),
      import('./reads.ts'),
      import('./roles.ts'),
      import('../../config.ts'),
    ])
  const { readManifests } = await import('../manifests.ts')
  const { withCluster } = await import('../cluster.ts')
  const inventory = given.filename
    ? inventoryOfFiles(await readManifests(given.filename))
    : await withCluster(given.kubeconfig, (cluster) => inventoryOfCluster(cluster, signal))
  // what the controller would make of the same flags, or of its variables where this runs beside it
  const { namespace, clusterObjectNamespace, restrictSecretAccess } = given
  const config = configOf({ namespace, clusterObjectNamespace, restrictSecretAccess }, process.env)
  const reads = await readsOf(inventory.readers, {
    ...inventory,
    clusterNamespace: config.clusterObjectNamespace,
    restricted: config.restrictSecretAccess,
  })
  if (reads.length === 0) {
    console.error(
      'ebb: nothing to allow: no workload refers to a Secret or ConfigMap, nor has idle pods that go first',
    )
    return
  }
  const account = { namespace: config.namespace, name: given.serviceAccount }
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
    .addOption(optionOf(options.namespace))
    .addOption(optionOf(options.clusterObjectNamespace))
    .addOption(optionOf(options.restrictSecretAccess))
    .option('--service-account <name>', 'the account Ebb runs as', 'ebb')
    .action((given: Given) => run(given, signal))
