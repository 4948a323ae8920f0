import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import type { HpaCondition } from '../../src/core/hpa-conditions.ts'
import type { Scaled } from '../../src/core/proposal.ts'
import {
  defaultFlags,
  hpaStep,
  noHpaState,
  rescaled,
  type HpaStep,
} from '../../src/core/replicas.ts'
import { openKube } from '../../src/kube/open.ts'
import { canStart, type ControlPlane, startControlPlane } from '../control-plane/start.ts'
import { type ExternalMetrics, serveExternalMetrics } from '../support/external-metrics.ts'
import { need } from '../support/need.ts'
import { reading } from './replicas.play.ts'
import { allSeries, flags, type Series } from './replicas.series.ts'
import { randomSeries } from './series/random.ts'
import { pace, placeOf, type Player, player, type Recording, type Sync } from './real-hpa.ts'

const all = [...allSeries, ...randomSeries]

/** How far (ms) the HPA's clock may be from the time of an answer as its server has it. */
const slack = (seen: Recording): number => 250 + 4 * seen.slowest

/** Everything that was seen of one series, in order of time. */
const timeline = (seen: Recording): readonly (Sync | Recording['others'][number])[] =>
  [...seen.syncs, ...seen.others].toSorted((a, b) => a.at - b.at)

/**
 * What the pure algorithm does with all that the real HPA saw, when it saw it. Where a few ms decide, as they do only on a busy
 * machine, whatever the HPA did of all that is possible is right.
 */
function replay(series: Series, seen: Recording) {
  const { min, max, behavior } = series
  /** By type, the reasons that the last sync to set it may have given. */
  const conditions = new Map<string, ReadonlySet<string>>()
  const counts: number[] = [series.start]
  let spec = series.start
  let state = noHpaState
  let exact = true

  /** One sync; `after` is the count that was seen after it, where it was. */
  const sync = (at: number, scaled: Scaled, values: Sync['values'], after: number | undefined) => {
    const metrics = series.metrics.map((m) => reading(m, values.get(m.name) ?? 'missing'))
    const input = { min, max, behavior, flags: { ...defaultFlags, ...flags }, scaled, metrics }
    const steps = [-1, -0.5, 0.5, 1, 0].map((part) =>
      hpaStep({ ...input, now: at + part * slack(seen) }, state),
    )
    const possible = new Set(steps.map((s) => s.desired))
    const step = after === undefined ? steps.at(-1) : steps.findLast((s) => s.desired === after)
    assert.ok(step, `${after} replicas after ${at.toFixed()} ms, not ${[...possible].join(' or ')}`)
    if (possible.size > 1) exact = false
    const carriedOut = (s: HpaStep) =>
      s.desired === spec ? s : rescaled(s, { now: at, behavior }, spec)
    const said = steps
      .filter((s) => s.desired === step.desired)
      .flatMap((s) => carriedOut(s).conditions)
    for (const { type } of said)
      conditions.set(type, new Set(said.filter((c) => c.type === type).map(reasonOf)))
    state = carriedOut(step).state
    counts.push((spec = step.desired))
  }
  /** An HPA that finds a count of 0 or out of bounds asks for nothing. */
  const unasked = (at: number): void => {
    if (spec >= min && spec <= max) return
    sync(at, { spec, status: spec, pods: spec, ready: spec }, new Map(), undefined)
  }

  const all = timeline(seen)
  unasked(-200)
  for (const [i, one] of all.entries()) {
    if ('replicas' in one) counts.push((spec = one.replicas))
    else {
      assert.equal(one.scaled.spec, spec, `replicas at ${one.at.toFixed()} ms`)
      const next = all[i + 1]
      const after = next === undefined ? seen.last : 'scaled' in next ? next.scaled.spec : undefined
      sync(one.at, one.scaled, one.values, after)
    }
    unasked(one.at + 200)
  }
  assert.equal(seen.last, spec, 'replicas in the end')
  return { conditions, exact, counts: counts.filter((n, i) => n !== counts[i - 1]) }
}

/** The counts as they were written for one sync a second, and before them what was there before the first sync. */
function beginning({ trace, start }: Series): readonly number[] {
  const written = trace.map(([, count]) => count)
  return written[0] === start ? written : [start, ...written]
}

const reasonOf = ({ status, reason }: HpaCondition): string => `${status} ${reason}`

/** That every condition the real HPA ended with is one the pure algorithm may have given, and none is missing. */
function assertAlike(
  real: readonly HpaCondition[],
  pure: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  assert.deepEqual(new Set(real.map((c) => c.type)), new Set(pure.keys()))
  for (const c of real) {
    const possible = [...(pure.get(c.type) ?? [])]
    assert.ok(
      possible.includes(reasonOf(c)),
      `${c.type}: ${reasonOf(c)}, not ${possible.join(' or ')}`,
    )
  }
}

void describe(
  'the real HPA and core/replicas come to the same counts for the same reasons',
  { concurrency: true },
  () => {
    let control: ControlPlane | undefined
    let metrics: ExternalMetrics | undefined
    let close: (() => Promise<void>) | undefined
    let players: readonly Player[] = []

    before(async () => {
      if (!(await canStart())) return
      control = await startControlPlane({
        pods: true,
        hpaSync: `${pace - 200}ms`,
        downscaleStabilization: `${flags.downscaleStabilization}s`,
        hpaWorkers: 2 * all.length,
      })
      const cluster = await openKube({
        kubeconfig: control.kubeconfig,
        clock: systemClock,
        random: Math.random,
      })
      close = () => cluster.close()
      const list = all.map((series, i) => player(cluster, series, `s${String(i).padStart(2, '0')}`))
      players = list
      metrics = await serveExternalMetrics(control, async (metric) =>
        list[Number(metric.slice(1, 3))]?.answer(metric),
      )
      await control.apply(
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: list.map((p) => p.deployment) }),
      )
      await control.kubectl(
        'wait',
        '--for=condition=Available',
        'deployment',
        '--all',
        '--timeout=60s',
      )
    })
    after(async () => {
      await close?.()
      await metrics?.[Symbol.asyncDispose]()
      await control?.close()
    })

    for (const [i, series] of all.entries()) {
      it(series.name, async (t) => {
        const one = players[i]
        if (!need(t, one !== undefined, 'Go, to build a control plane') || !one) return
        await delay((i * pace) / all.length) // spread, so that the syncs of all are not due at once
        const seen = await one.play()
        const pure = replay(series, seen)
        assertAlike(seen.conditions, pure.conditions)
        const undisturbed = pure.exact && seen.syncs.length > placeOf(series.until)
        if (series.trace.length > 0 && undisturbed) assert.deepEqual(pure.counts, beginning(series))
      })
    }
  },
)
