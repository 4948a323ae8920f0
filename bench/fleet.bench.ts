/**
 * A fleet on a real control plane: the bundle as its own process, N ScaledObjects of one prometheus trigger each at a
 * loopback server that notes every query. Once with all workloads at zero, once awake with their HPAs reading.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart, type ControlPlane } from '../test/control-plane/start.ts'
import { installEbb, type Installed } from '../test/support/installed.ts'
import { deployment, manifestOf, scaledObject } from './fleet.objects.ts'
import { reaction, webhook, type Reaction, type Webhook } from './fleet.react.ts'
import type { Order, Seen } from './fleet.source.ts'
import type { Percentiles } from './measure.ts'

export interface FleetFigures {
  readonly workloads: number
  readonly first_apply_to_hpas_s: number
  readonly last_apply_to_hpas_s: number
  readonly polls: number
  readonly cpu_ms_per_poll: number
  readonly cores: number
  readonly rss_mib: number
  /** Source queries per workload and polling interval. */
  readonly queries_per_interval: number
  /** ms between two queries of one workload. */
  readonly spacing_ms: { readonly p50: number; readonly p95: number; readonly max: number }
  /** The busiest second against the mean. */
  readonly peak_to_mean: number
  /** Requests of Ebb to the API server in the measured minute, by verb. */
  readonly requests: Readonly<Record<string, number>>
  /** Of a change of a user's, while all are polled. */
  readonly reaction: Reaction
  /** What it cost to apply them: the webhook is called for each. */
  readonly webhook: Webhook
}

export interface Fleet {
  readonly zero: FleetFigures
  readonly live: FleetFigures
}

interface Scenario {
  readonly name: 'zero' | 'live'
  /** s */
  readonly interval: number
  readonly replicas: number
  readonly answer: number
}

const scenarios: readonly Scenario[] = [
  { name: 'zero', interval: 5, replicas: 0, answer: 0 },
  { name: 'live', interval: 10, replicas: 1, answer: 10 },
]
const streams = 4
const perFile = 100
/** Before and while it is measured, in seconds. */
const settleFor = 30
const measureFor = 60

/** Null where it is not asked for (`--quick`) or no control plane can be had. */
export async function run({
  quick,
  log,
}: {
  readonly quick: boolean
  readonly log: (line: string) => void
}): Promise<Fleet | null> {
  if (quick || !(await canStart())) return null
  const count = Number(process.env['EBB_FLEET'] ?? 1_000)
  const figures: Partial<Record<Scenario['name'], FleetFigures>> = {}
  for (const scenario of scenarios) {
    log(`fleet of ${count}, ${scenario.name}: starting a control plane`)
    figures[scenario.name] = await play(scenario, count, log)
    print(scenario, figures[scenario.name], log)
  }
  const { zero, live } = figures
  return zero && live ? { zero, live } : null
}

async function play(
  scenario: Scenario,
  count: number,
  log: (line: string) => void,
): Promise<FleetFigures> {
  const source = fork(new URL('./fleet.source.ts', import.meta.url), { stdio: 'inherit' })
  const folder = await mkdtemp(join(tmpdir(), 'ebb-fleet-'))
  try {
    const [port] = await once(source, 'message')
    tell(source, { answer: scenario.answer })
    await using installed = await installEbb({ audit: true, hpaSync: '15s', hpaWorkers: 10 })
    const { plane } = installed
    log(`  ${count} Deployments`)
    await apply(plane, folder, count, deployment(scenario.replicas))
    await delay(5_000)
    log(`  ${count} ScaledObjects in ${streams} streams of ${perFile}`)
    const first = performance.now()
    const all = untilHpas(plane, count)
    await apply(plane, folder, count, scaledObject(`http://127.0.0.1:${port}`, scenario.interval))
    const last = performance.now()
    const there = await all
    log(
      `  all HPAs ${seconds(there - first)} s after the first apply, ${seconds(there - last)} s after the last`,
    )
    return {
      workloads: count,
      first_apply_to_hpas_s: seconds(there - first),
      last_apply_to_hpas_s: seconds(Math.max(0, there - last)),
      webhook: await webhook(plane),
      ...(await measure(installed, source, scenario, count, log)),
      reaction: await reaction(plane, count),
    }
  } finally {
    source.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

type Measured = Omit<
  FleetFigures,
  'workloads' | 'first_apply_to_hpas_s' | 'last_apply_to_hpas_s' | 'reaction' | 'webhook'
>

async function measure(
  { ebb, plane }: Installed,
  source: ChildProcess,
  { interval }: Scenario,
  count: number,
  log: (line: string) => void,
): Promise<Measured> {
  log(`  settling for ${settleFor} s, then measuring for ${measureFor} s`)
  await delay(settleFor * 1_000)
  tell(source, 'reset')
  const from = await usage(ebb.pid)
  const started = performance.now()
  const since = new Date().toISOString()
  await delay(measureFor * 1_000)
  const to = await usage(ebb.pid)
  const elapsed = (performance.now() - started) / 1_000
  const seen = await report(source)
  const audit = await plane.audit()
  const own = audit.filter(
    (e) =>
      e.user.username === 'system:serviceaccount:ebb:ebb' && e.requestReceivedTimestamp >= since,
  )
  const times = Object.values(seen.queries)
  const polls = times.reduce((sum, t) => sum + t.length, 0)
  const cpu = to.cpuMs - from.cpuMs
  return {
    polls,
    cpu_ms_per_poll: round(cpu / polls, 4),
    cores: round(cpu / 1_000 / elapsed, 4),
    rss_mib: round(to.rssMib, 1),
    queries_per_interval: round((polls * interval) / (count * elapsed), 3),
    spacing_ms: spacing(times),
    peak_to_mean: round(peak(times) / (polls / elapsed), 2),
    requests: countBy(own.map((e) => `${e.verb} ${e.objectRef?.resource ?? e.requestURI}`)),
  }
}

async function apply(
  plane: ControlPlane,
  folder: string,
  count: number,
  make: (i: number) => object,
): Promise<void> {
  const starts = Array.from({ length: Math.ceil(count / perFile) }, (_, i) => i * perFile)
  const files = await Promise.all(
    starts.map(async (from) => {
      const file = join(folder, `${from}.json`)
      await writeFile(file, manifestOf(make, from, Math.min(perFile, count - from)))
      return file
    }),
  )
  const stream = async (): Promise<void> => {
    for (let file = files.shift(); file !== undefined; file = files.shift())
      await plane.kubectl('apply', '--server-side', '-f', file)
  }
  await Promise.all(Array.from({ length: streams }, stream))
}

/** When (ms) as many HPAs as workloads are there. */
async function untilHpas(plane: ControlPlane, count: number): Promise<number> {
  for (let tries = 0; tries < 3_000; tries++) {
    const raw = await plane.kubectl(
      'get',
      '--raw',
      '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?limit=1',
    )
    const page: { items: unknown[]; metadata: { remainingItemCount?: number } } = JSON.parse(raw)
    if (page.items.length + (page.metadata.remainingItemCount ?? 0) >= count)
      return performance.now()
    await delay(200)
  }
  throw new Error('the HPAs did not all come within ten minutes')
}

const tell = (source: ChildProcess, order: Order): void => {
  source.send(order)
}

async function report(source: ChildProcess): Promise<Seen> {
  const answer = once(source, 'message')
  tell(source, 'report')
  const [seen] = await answer
  return seen
}

/** CPU time and resident memory as Linux accounts them. */
async function usage(pid: number): Promise<{ readonly cpuMs: number; readonly rssMib: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const rss = /VmRSS:\s+(\d+) kB/.exec(status)?.[1]
  return { cpuMs: ticks * 10, rssMib: Number(rss) / 1_024 }
}

function spacing(times: readonly (readonly number[])[]): FleetFigures['spacing_ms'] {
  const gaps = times
    .flatMap((t) => t.slice(1).map((at, i) => at - (t[i] ?? at)))
    .toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(gaps[Math.floor((gaps.length - 1) * share)] ?? 0)
  return { p50: at(0.5), p95: at(0.95), max: at(1) }
}

function peak(times: readonly (readonly number[])[]): number {
  const slots = countBy(times.flat().map((t) => String(Math.floor(t / 1_000))))
  return Math.max(...Object.values(slots))
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
const seconds = (ms: number): number => round(ms / 1_000, 1)

function print(
  { name, interval }: Scenario,
  figures: FleetFigures | undefined,
  log: (line: string) => void,
): void {
  if (!figures) return
  const { spacing_ms: gaps, reaction: after, webhook: hook } = figures
  const times = ({ p50, max }: Percentiles): string => `p50 ${p50}, max ${max} ms`
  log(`  fleet of ${figures.workloads}, ${name}, ${interval} s interval`)
  log(`    first apply -> all HPAs   ${figures.first_apply_to_hpas_s} s`)
  log(`    last apply -> all HPAs    ${figures.last_apply_to_hpas_s} s`)
  log(`    CPU per poll              ${figures.cpu_ms_per_poll} ms (${figures.polls} polls)`)
  log(`    CPU in all                ${figures.cores} cores`)
  log(`    resident memory           ${figures.rss_mib} MiB`)
  log(`    queries per interval      ${figures.queries_per_interval}`)
  log(`    spacing of polls          p50 ${gaps.p50}, p95 ${gaps.p95}, max ${gaps.max} ms`)
  log(`    busiest second / mean     ${figures.peak_to_mean}`)
  log(`    minReplicaCount raised    ${times(after.spec_ms)} until the scale is written`)
  log(`    paused at 0               ${times(after.pause_ms)}`)
  log(`    unpaused                  ${times(after.unpause_ms)}`)
  log(
    `    webhook, per call         ${hook.mean_ms} ms on average, ${round(hook.within_25_ms * 100, 1)} % within 25 ms (${hook.calls} calls)`,
  )
  log(`    API server requests       ${JSON.stringify(figures.requests)}`)
}

if (import.meta.main) console.log(JSON.stringify(await run({ quick: false, log: console.log })))
