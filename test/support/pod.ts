import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

/** What of a Deployment's pod is looked at here. */
export interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number }
  readonly volumes: readonly { readonly name: string }[]
  readonly containers: readonly [Container]
}

export interface Container {
  readonly args: readonly string[]
  readonly env: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
  }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly resources: { readonly limits: { readonly memory: string } }
}

/** What a node knows besides the spec. */
export interface PodParts {
  /** An empty folder that becomes the root of its files. */
  readonly folder: string
  /** What its fieldRefs read, by path. */
  readonly fields: Readonly<Record<string, string>>
  /** What the node and its ConfigMaps add to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Files of its volumes, by the volume's name; those of its account are `account`. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface Pod {
  readonly lines: readonly string[]
  /** Whether it has ended by itself. */
  readonly ended: boolean
  /** The id of the container's first process, as the machine sees it. */
  readonly pid: () => number
  /** One try of a probe, as a kubelet makes it: success is an answer from 200 to 399 in time. */
  probe(probe: Probe): Promise<boolean>
  /** Asks its first process to end, as a kubelet does. */
  terminate(): Promise<{ readonly code: number | null; readonly ms: number }>
  /** Ends all of it. */
  kill(): Promise<void>
}

/** Whether the kernel lets us stand in for a container engine; `EBB_TEST_BARE=1` says that it does not. */
export const canContain = (): boolean =>
  process.env['EBB_TEST_BARE'] !== '1' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', '--pid', '--fork', 'setpriv', '--version'], { stdio: 'ignore' })
    .status === 0

/**
 * Runs as PID 1 over a root of its own, all of it read-only: the system's programs, Node, and of Ebb what the Dockerfile copies.
 * `$1` is the root, `$2` the folder of Node, then user and group, then the program.
 */
const container = `set -e
root=$1 node=$2 user=$3 group=$4; shift 4
mount --bind "$root" "$root"; cd "$root"
mkdir -p usr etc proc dev node tmp
for link in bin lib lib64 sbin; do [ -L /$link ] && ln -s usr/$link $link || { [ -d /$link ] && mkdir $link && mount --bind /$link $link; }; done
mount --bind /usr usr; mount --bind /etc etc; mount --bind "$node" node
mount --rbind /dev dev; mount -t proc proc proc
for own in . usr etc node; do mount -o remount,bind,ro "$root/$own"; done
exec chroot "$root" setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all sh -c 'cd /ebb; exec "$@"' sh "$@"`

const accountPath = '/var/run/secrets/kubernetes.io/serviceaccount'

interface Start {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

function contained(spec: PodSpec, { folder }: PodParts, program: readonly string[]): Start {
  const { runAsUser, runAsGroup } = spec.securityContext
  const apart = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL']
  const over = [folder, dirname(process.execPath), String(runAsUser), String(runAsGroup)]
  return {
    command: 'unshare',
    args: [...apart, 'sh', '-c', container, 'sh', ...over, '/node/node', ...program],
  }
}

const readOnly = ['--permission', '--allow-fs-read=*', '--allow-child-process']

/** As a process of ours: its volumes are found where they are by `mounts.ts`, and Node itself refuses it every write. It starts once more, as itself. */
function bare(spec: PodSpec, { folder }: PodParts, program: readonly string[]): Start {
  const [entry = '', ...args] = program
  const mounts = [accountPath, ...spec.containers[0].volumeMounts.map((each) => each.mountPath)]
  const preload = ['--import', fileURLToPath(new URL('mounts.ts', import.meta.url))]
  return {
    command: process.execPath,
    args: [...readOnly, ...preload, join(folder, entry), ...args],
    env: { POD_ROOT: folder, POD_MOUNTS: mounts.join(':'), NODE_NO_WARNINGS: '1' },
  }
}

/** The one container of the pod, started as its spec says from what the Dockerfile would have put into the image. */
export function startPod(spec: PodSpec, parts: PodParts): Pod {
  const [of] = spec.containers
  const { entrypoint, env } = image()
  fill(spec, parts)
  const isContained = canContain()
  const start = (isContained ? contained : bare)(spec, parts, [...entrypoint.slice(1), ...of.args])
  const child = spawn(start.command, start.args, {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/home/node',
      ...env,
      ...parts.env,
      ...environmentOf(of, parts.fields),
      ...start.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  const pid = (): number => (isContained ? firstChildOf(child.pid ?? 0) : (child.pid ?? 0))
  return {
    lines,
    pid,
    get ended() {
      return child.exitCode !== null
    },
    probe: (probe) => passes(of, probe),
    async terminate() {
      const started = performance.now()
      process.kill(pid(), 'SIGTERM')
      return { code: await ended(child), ms: performance.now() - started }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended(child)
    },
  }
}

/** What the Dockerfile says of the image that is shipped. */
function image(): { readonly entrypoint: readonly string[]; readonly env: Record<string, string> } {
  const [, shipped = ''] = readFileSync(join(repository, 'Dockerfile'), 'utf8').split(
    /\nFROM .*\n\s*LABEL/,
  )
  const entrypoint: readonly string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(shipped)?.[1] ?? '[]')
  const env = [...shipped.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  return { entrypoint, env: Object.fromEntries(env) }
}

function fill(spec: PodSpec, { folder, files }: PodParts): void {
  chmodSync(folder, 0o755)
  const write = (path: string, contents: Readonly<Record<string, string>> = {}): void => {
    mkdirSync(join(folder, path), { recursive: true })
    for (const [name, content] of Object.entries(contents))
      writeFileSync(join(folder, path, name), content)
  }
  for (const name of ['package.json', 'dist'])
    cpSync(join(repository, name), join(folder, 'ebb', name), { recursive: true })
  write('home/node')
  for (const { name, mountPath } of spec.containers[0].volumeMounts) write(mountPath, files[name])
  if (spec.automountServiceAccountToken) write(accountPath, files['account'])
}

const environmentOf = (
  { env }: Container,
  fields: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef.fieldPath ?? ''] ?? '',
    ]),
  )

async function passes({ ports }: Container, probe: Probe): Promise<boolean> {
  const port = ports.find(({ name }) => name === probe.httpGet.port)?.containerPort
  const wait = AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1_000)
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}${probe.httpGet.path}`, {
      redirect: 'manual',
      signal: wait,
    })
    return status >= 200 && status < 400
  } catch {
    return false
  }
}

const firstChildOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0])

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve))
  return child.exitCode
}
