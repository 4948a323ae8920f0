import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
// The sub-path spares the import of the package's index and, in the bundle, of its whole generated API.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { parse } from 'yaml'
import * as z from 'zod'
import { failure, isFailure, reasonOf } from '../errors.ts'

export interface ConfigOptions {
  /** Path of a kubeconfig; goes before all other sources. */
  readonly kubeconfig?: string | undefined
  /** The context to use instead of the current one. */
  readonly context?: string | undefined
  /** The process's environment unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The folder of the pod's service account; Kubernetes' own place unless given. */
  readonly accountFolder?: string
}

const account = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Finds where the cluster is and who we are: the file given, else the files of KUBECONFIG, else the pod's service account, else
 * ~/.kube/config. Reads the files anew on each call. Fails with CLUSTER_CONFIG; the messages never quote a file.
 */
export function loadConfig(options: ConfigOptions): KubeConfig {
  const config = locate(options)
  if (options.context !== undefined) config.setCurrentContext(options.context)
  const context = config.getCurrentContext()
  if (!context) throw unusable('the kubeconfig names no current context')
  if (!config.contexts.some((c) => c.name === context)) {
    throw unusable(`the kubeconfig has no context "${context}"`)
  }
  const server = config.getCurrentCluster()?.server
  if (!server || !URL.canParse(server)) {
    throw unusable(`the cluster of the context "${context}" has no valid server address`)
  }
  return config
}

function locate(options: ConfigOptions): KubeConfig {
  const { kubeconfig, env = process.env, accountFolder = account } = options
  if (kubeconfig) return read(kubeconfig)
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  if (files.length > 0) return merged(files)
  if (env['KUBERNETES_SERVICE_HOST'] && existsSync(join(accountFolder, 'token'))) {
    return inCluster(
      env['KUBERNETES_SERVICE_HOST'],
      env['KUBERNETES_SERVICE_PORT'] ?? '443',
      accountFolder,
    )
  }
  const home = join(env['HOME'] ?? '', '.kube', 'config')
  if (env['HOME'] && existsSync(home)) return read(home)
  throw unusable(
    'give --kubeconfig or set KUBECONFIG; there is no ~/.kube/config and this is no pod of a cluster',
  )
}

/** As kubectl does: files that are missing are passed over, and of equal names the first one counts. */
function merged(files: readonly string[]): KubeConfig {
  const configs = files.filter((file) => existsSync(file)).map(read)
  const [first] = configs
  if (!first) throw unusable(`none of the files of KUBECONFIG exists (${files.join(', ')})`)
  const all = new KubeConfig()
  all.loadFromOptions({
    clusters: unique(configs.flatMap((c) => c.clusters)),
    users: unique(configs.flatMap((c) => c.users)),
    contexts: unique(configs.flatMap((c) => c.contexts)),
    currentContext: configs.find((c) => c.getCurrentContext())?.getCurrentContext(),
  })
  return all
}

const unique = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] => [
  ...new Map(list.toReversed().map((one) => [one.name, one])).values(),
]

function inCluster(host: string, port: string, folder: string): KubeConfig {
  const config = new KubeConfig()
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const cluster = {
    name: 'in-cluster',
    server,
    caFile: join(folder, 'ca.crt'),
    skipTLSVerify: false,
  }
  config.loadFromClusterAndUser(cluster, {
    name: 'service-account',
    authProvider: tokenFrom(join(folder, 'token')),
  })
  return config
}

function read(file: string): KubeConfig {
  try {
    const text = readFileSync(file, 'utf8')
    const tokenFiles = tokenFilesOf(text)
    if (!tokenFiles) throw unusable(`${file} is no kubeconfig`)
    const config = new KubeConfig()
    config.loadFromString(text)
    config.makePathsAbsolute(dirname(file))
    config.users = config.users.map((user) => {
      const path = tokenFiles.get(user.name)
      if (path === undefined) return user
      const { token: _, ...rest } = user
      return {
        ...rest,
        authProvider: tokenFrom(isAbsolute(path) ? path : join(dirname(file), path)),
      }
    })
    return plainHttpAllowed(config)
  } catch (error) {
    if (isFailure(error)) throw error
    // Parsers quote the place they fail at, which may be a token: only the first line is ours to show.
    throw unusable(`${file}: ${reasonOf(error).split('\n')[0]?.replace(/:$/, '')}`)
  }
}

const kubeconfigUsers = z.object({
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z.object({ tokenFile: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
})

/** `users[].user.tokenFile`, which kubectl knows and KubeConfig does not read; undefined for a text that is no kubeconfig. */
function tokenFilesOf(text: string): ReadonlyMap<string, string> | undefined {
  const parsed = kubeconfigUsers.safeParse(parse(text))
  if (!parsed.success) return undefined
  const users = parsed.data.users ?? []
  return new Map(
    users.flatMap(({ name, user }) => (user?.tokenFile ? [[name, user.tokenFile]] : [])),
  )
}

/** KubeConfig refuses plain HTTP (kubectl proxy) unless told that there is nothing to verify. */
function plainHttpAllowed(config: KubeConfig): KubeConfig {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server?.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  )
  return config
}

const tokenFrom = (
  tokenFile: string,
): { readonly name: string; readonly config: { readonly tokenFile: string } } => ({
  name: 'tokenFile',
  config: { tokenFile },
})

const unusable = (why: string): Error => failure('CLUSTER_CONFIG', { why })
