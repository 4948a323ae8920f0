import { setTimeout as delay } from 'node:timers/promises'
import {
  startControlPlane,
  type ControlPlane,
  type ControlPlaneOptions,
} from '../control-plane/start.ts'
import { build, startEbb, type EbbProcess } from './process.ts'

/** A real control plane with Ebb installed by its manifests and running beside it under its own account. */
export interface Installed extends AsyncDisposable {
  readonly plane: ControlPlane
  /** The replica that runs now. */
  readonly ebb: EbbProcess
  /** Starts Ebb again with other arguments; the one before must have ended. */
  start(...args: string[]): Promise<EbbProcess>
  /** Asks until the answer passes; fails with the last one after the limit. */
  readonly until: Until
}

type Until = <T>(
  what: string,
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  seconds?: number,
) => Promise<T>

export async function installEbb(
  options: ControlPlaneOptions,
  ...args: string[]
): Promise<Installed> {
  build()
  const plane = await startControlPlane(options)
  try {
    await plane.kubectl('apply', '--server-side', '-k', 'manifests')
    await plane.kubectl('-n', 'ebb', 'scale', 'deployment', 'ebb', '--replicas=0')
    const kubeconfig = await plane.tokenKubeconfig('ebb', 'ebb')
    let current: EbbProcess | undefined
    const start = async (...more: string[]): Promise<EbbProcess> => {
      current = await startEbb(['--kubeconfig', kubeconfig, '--namespace', 'ebb', ...more])
      await point(plane, current.httpsPort)
      return current
    }
    await start(...args)
    return {
      plane,
      get ebb() {
        if (!current) throw new Error('Ebb does not run')
        return current
      },
      start,
      until,
      async [Symbol.asyncDispose]() {
        if (process.env['EBB_TEST_LOG'] === '1') console.error(current?.lines.join('\n'))
        await current?.kill()
        await plane[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await plane[Symbol.asyncDispose]()
    throw error
  }
}

/** Ebb runs outside the cluster, so its Service is a name for this machine, with the port in both places. */
export async function point(plane: ControlPlane, port: number): Promise<void> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'ebb', namespace: 'ebb' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port }] },
  }
  await plane.kubectl('-n', 'ebb', 'delete', 'service', 'ebb', '--ignore-not-found')
  await plane.apply(JSON.stringify(service))
  const patch = JSON.stringify({ spec: { service: { port } } })
  await plane.kubectl(
    'patch',
    'apiservice',
    'v1beta1.external.metrics.k8s.io',
    '--type=merge',
    '-p',
    patch,
  )
  const hooks = [0, 1, 2, 3].map((at) => ({
    op: 'replace',
    path: `/webhooks/${at}/clientConfig/service/port`,
    value: port,
  }))
  await plane.kubectl(
    'patch',
    'validatingwebhookconfiguration',
    'ebb-admission',
    '--type=json',
    '-p',
    JSON.stringify(hooks),
  )
}

export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  seconds = 30,
): Promise<T> {
  const end = performance.now() + seconds * 1_000
  for (;;) {
    const answer = await ask()
    if (passes(answer)) return answer
    if (performance.now() > end)
      throw new Error(
        `${what}: not within ${seconds} s; the last answer was ${JSON.stringify(answer)}`,
      )
    await delay(100)
  }
}

/** What a JSONPath finds in Ebb's own Deployment, as the manifests have it. */
export const ofDeployment = (plane: Pick<ControlPlane, 'kubectl'>, path: string): Promise<string> =>
  plane.kubectl('-n', 'ebb', 'get', 'deployment', 'ebb', '-o', `jsonpath=${path}`)
