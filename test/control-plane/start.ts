import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasProgram } from '../support/need.ts'
import {
  type Arguments,
  apiServerArguments,
  controllerArguments,
  etcdArguments,
} from './arguments.ts'
import { binaries, buildControlPlane } from './build.ts'
import { asker } from './ask.ts'
import { kubeconfig, type Outcome, run } from './kubectl.ts'
import { authority, type Authority, type Pair, tokenKeys } from './pki.ts'
import { freePorts } from './ports.ts'
import { processes, type Processes, type Running } from './processes.ts'

export interface ControlPlaneOptions {
  /** Pods are bound, run and become Ready; Jobs end. Without it pods stay Pending. */
  readonly pods?: boolean
  /** Every request is noted (user, verb, object), for `audit()`. */
  readonly audit?: boolean
  /** How often the HPA controller looks; Kubernetes' own default is 15s. */
  readonly hpaSync?: string
  /** Kubernetes' own default is 300s. */
  readonly downscaleStabilization?: string
  /** Workers of the HPA controller. */
  readonly hpaWorkers?: number
  readonly apiServer?: readonly string[]
  readonly controllerManager?: readonly string[]
}

/** One request, as far as the audit log tells at level Metadata. */
export interface AuditEvent {
  readonly verb: string
  readonly requestURI: string
  readonly user: {
    readonly username: string
    /** Tells tokens of one account apart. */
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
  readonly userAgent?: string
  readonly objectRef?: {
    readonly resource?: string
    readonly apiGroup?: string
    readonly namespace?: string
    readonly name?: string
    readonly subresource?: string
  }
  readonly responseStatus?: { readonly code: number }
  readonly requestReceivedTimestamp: string
}

/** A real etcd, API server and controller manager on loopback. */
export interface ControlPlane extends AsyncDisposable {
  readonly server: string
  /** Path of the kubeconfig of an administrator. */
  readonly kubeconfig: string
  /** Everything the programs write; gone after `close`. */
  readonly folder: string
  readonly pki: {
    /** Signs the API server and its clients. */
    readonly ca: Authority
    /** Signs what the aggregation layer calls itself with. */
    readonly frontProxyCa: Authority
    /** What the API server shows to an aggregated API. */
    readonly frontProxyClient: Pair
  }
  readonly auditLog: string | undefined
  audit(): Promise<readonly AuditEvent[]>
  /** Standard output of kubectl as administrator; rejects with what it printed where it fails. */
  kubectl(...args: string[]): Promise<string>
  /** The same with something to read and without rejecting; warnings of the API server are in `stderr`. */
  tryKubectl(input: string, ...args: string[]): Promise<Outcome>
  /** Server-side apply of YAML or JSON. */
  apply(manifest: string): Promise<string>
  /** Path of a kubeconfig that holds a token of the service account, good for a day. */
  tokenKubeconfig(namespace: string, serviceAccount: string): Promise<string>
  /** Ends the API server as a crash does; `startApiServer` brings it back at the same address. */
  stopApiServer(): Promise<void>
  startApiServer(): Promise<void>
  restartApiServer(): Promise<void>
  /** Leaves no process and no file. It comes to the same when the test process dies. */
  close(): Promise<void>
}

/** Whether a control plane can be had here: built already, or Go is there to build it. For `need()`. */
export const canStart = async (): Promise<boolean> =>
  existsSync(await binaries()) || hasProgram('go', 'version')

/** Builds what is missing (minutes, once), then is up in some five seconds. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const bin = await buildControlPlane(
    (line) => console.error(`control plane: ${line}`),
    AbortSignal.timeout(3600_000),
  )
  for (let tries = 1; ; tries++) {
    const all = await processes()
    try {
      return await bring(bin, all, options)
    } catch (error) {
      await all.close()
      if (tries === 3 || !String(error).includes('address already in use')) throw error
    }
  }
}

async function bring(
  bin: string,
  all: Processes,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const { folder } = all
  const [etcd = 0, peer = 0, port = 0] = await freePorts(3)
  const server = `https://127.0.0.1:${port}`
  const set = {
    folder,
    etcd: `http://127.0.0.1:${etcd}`,
    peer: `http://127.0.0.1:${peer}`,
    port,
    options,
    ...(await credentials(folder)),
  }
  const config = (name: string, who: Pair) => kubeconfig(folder, name, server, set.ca.cert, who)
  const admin = await set.ca.issue('admin', ['system:masters'])
  const manager = await set.ca.issue('system:kube-controller-manager')
  const adminConfig = await config('admin', admin)
  const auditLog = await auditing(set)

  const start = (name: string, args: readonly string[]) => all.start(name, join(bin, name), args)
  const store = start('etcd', etcdArguments(set))
  const ask = await asker(server, set.ca.cert, admin)
  let api: Running
  const startApiServer = async (): Promise<void> => {
    api = start('kube-apiserver', apiServerArguments(set))
    await until([store, api], async () => (await ask('/readyz')) === 'ok')
  }
  await startApiServer()
  const controllers = start(
    'kube-controller-manager',
    controllerArguments(set, await config('controllers', manager)),
  )
  if (options.pods === true) start('fakelet', [adminConfig])
  // A namespace's account is made by the controllers, and no pod is accepted before it.
  await until(
    [controllers],
    async () => (await ask('/api/v1/namespaces/default/serviceaccounts/default')) !== undefined,
  )

  const tryKubectl = (input: string, ...args: string[]) =>
    run(join(bin, 'kubectl'), adminConfig, folder, input, args)
  const kubectl = async (input: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tryKubectl(input, ...args)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const stopApiServer = () => api.kill('SIGKILL')
  return {
    server,
    folder,
    kubeconfig: adminConfig,
    pki: { ca: set.ca, frontProxyCa: set.frontProxyCa, frontProxyClient: set.frontProxyClient },
    auditLog,
    audit: async () => (auditLog === undefined ? [] : readEvents(auditLog)),
    kubectl: (...args) => kubectl('', ...args),
    tryKubectl,
    apply: (manifest) => kubectl(manifest, 'apply', '--server-side', '-f', '-'),
    tokenKubeconfig: async (namespace, account) => {
      const token = await kubectl(
        '',
        'create',
        'token',
        account,
        '--namespace',
        namespace,
        '--duration',
        '24h',
      )
      return kubeconfig(folder, `${namespace}-${account}`, server, set.ca.cert, {
        token: token.trim(),
      })
    },
    stopApiServer,
    startApiServer,
    restartApiServer: async () => {
      await stopApiServer()
      await startApiServer()
    },
    close: () => all.close(),
    [Symbol.asyncDispose]: () => all.close(),
  }
}

async function credentials(
  folder: string,
): Promise<Pick<Arguments, 'ca' | 'serving' | 'tokens' | 'frontProxyCa' | 'frontProxyClient'>> {
  const pki = join(folder, 'pki')
  const ca = await authority(pki, 'ca')
  const frontProxyCa = await authority(pki, 'front-proxy-ca')
  const hosts = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    '127.0.0.1',
    '10.0.0.1',
  ]
  return {
    ca,
    frontProxyCa,
    serving: await ca.issue('kube-apiserver', [], hosts),
    tokens: await tokenKeys(pki),
    frontProxyClient: await frontProxyCa.issue('front-proxy-client'),
  }
}

async function auditing(set: Arguments): Promise<string | undefined> {
  if (set.options.audit !== true) return undefined
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  }
  await writeFile(join(set.folder, 'audit-policy.json'), JSON.stringify(policy))
  return join(set.folder, 'audit.log')
}

async function readEvents(file: string): Promise<readonly AuditEvent[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return lines.map((line): AuditEvent => JSON.parse(line))
}

/** Fails with the last words of a program that ends meanwhile, or after two minutes. */
async function until(programs: readonly Running[], ready: () => Promise<boolean>): Promise<void> {
  for (const limit = performance.now() + 120_000; !(await ready());) {
    const dead =
      programs.find((p) => p.ended) ?? (performance.now() > limit ? programs.at(-1) : undefined)
    if (dead) throw new Error(`${dead.name} did not come up:\n${await dead.lastWords()}`)
    await delay(100)
  }
}
