/** What users of a fleet notice: how soon a change of theirs is acted on, and what the webhooks add to an apply. */
import type { ControlPlane } from '../test/control-plane/start.ts'
import { until } from '../test/support/installed.ts'
import { reactions } from '../test/support/reaction.ts'
import { nameOf } from './fleet.objects.ts'
import { percentiles, round, type Percentiles } from './measure.ts'
import { steps, type Change } from './react.bench.ts'

export interface Reaction {
  /** ms from the change's arrival at the API server to the arrival of Ebb's write of the scale. */
  readonly spec_ms: Percentiles
  readonly pause_ms: Percentiles
  readonly unpause_ms: Percentiles
}

const samples = 20

/** Changes some of the workloads, one after the other, while all are polled. */
export async function reaction(plane: ControlPlane, count: number): Promise<Reaction> {
  const chosen = Array.from({ length: samples }, (_, i) =>
    nameOf(Math.floor((i * count) / samples)),
  )
  for (const name of chosen) for (const step of steps) await change(plane, name, step)
  const audit = await plane.audit()
  const times = chosen.map((name) => reactions(audit, name))
  const of = (what: Change): Percentiles => {
    const at = steps.findIndex(({ name }) => name === what)
    return percentiles(times.map((each) => each[at] ?? Number.POSITIVE_INFINITY))
  }
  return { spec_ms: of('spec'), pause_ms: of('pause'), unpause_ms: of('unpause') }
}

async function change(
  plane: ControlPlane,
  name: string,
  { patch, wanted }: (typeof steps)[number],
): Promise<void> {
  await plane.kubectl('patch', 'so', name, '--type=merge', '-p', JSON.stringify(patch))
  const path = ['-o', 'jsonpath={.spec.replicas}']
  await until(
    `${name} is at ${wanted}`,
    () => plane.kubectl('get', 'deployment', name, ...path),
    (replicas) => Number(replicas) === wanted,
  )
}

export interface Webhook {
  readonly calls: number
  /** As the API server waited for it. */
  readonly mean_ms: number
  /** Of this share of the calls (0 to 1) the answer took at most 25 ms. */
  readonly within_25_ms: number
}

/** The calls of Ebb's webhook for ScaledObjects so far, by the API server's own count. */
export async function webhook(plane: ControlPlane): Promise<Webhook> {
  const metrics = await plane.kubectl('get', '--raw', '/metrics')
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_admission_webhook_admission_duration_seconds_'))
    .filter((line) => line.includes('"scaledobject.admission.ebb.dev"'))
  const sum = (part: string): number =>
    lines
      .filter((line) => line.includes(part))
      .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
  const calls = sum('_seconds_count')
  return {
    calls,
    mean_ms: round((sum('_seconds_sum') * 1_000) / calls, 2),
    within_25_ms: round(sum('le="0.025"') / calls, 4),
  }
}
