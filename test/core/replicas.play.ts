import {
  defaultFlags,
  hpaStep,
  noHpaState,
  rescaled,
  type HpaInput,
  type HpaState,
} from '../../src/core/replicas.ts'
import type { HpaCondition } from '../../src/core/hpa-conditions.ts'
import type { HpaReading } from '../../src/core/proposal.ts'
import { parseMilli } from '../../src/core/quantity.ts'
import { flags, type Series } from './series/shape.ts'

const milli = (text: string): number => parseMilli(text) ?? Number.NaN

/** Plays a series through the pure algorithm, one sync a second; pods are ready one sync after they are wanted. */
export function play(series: Series): {
  readonly trace: readonly (readonly [number, number])[]
  readonly conditions: ReadonlyMap<string, HpaCondition>
} {
  const { min, max, behavior } = series
  const values = new Map<string, string>()
  const conditions = new Map<string, HpaCondition>()
  const trace: (readonly [number, number])[] = []
  let state: HpaState = noHpaState
  let spec = series.start
  let pods = spec
  const see = (at: number): void => {
    if (trace.at(-1)?.[1] !== spec) trace.push([at, spec])
  }
  const steps = [...series.steps]
  for (let second = 0; second <= series.until; second += flags.syncPeriod) {
    while (steps[0] !== undefined && steps[0].at <= second) {
      const { values: changed = {}, replicas = spec } = steps.shift() ?? { at: 0 }
      for (const [name, value] of Object.entries(changed)) values.set(name, value)
      spec = replicas
      // what the target starts with is there before the HPA is, what others set is seen before its next sync
      if (second > 0) see(second)
    }
    const input: HpaInput = {
      now: 1_700_000_000_000 + second * 1000,
      min,
      max,
      behavior,
      flags: { ...defaultFlags, ...flags },
      scaled: { spec, status: pods, pods, ready: pods },
      metrics: series.metrics.map((m) => reading(m, values.get(m.name) ?? 'missing')),
    }
    const step = hpaStep(input, state)
    const after = step.desired === spec ? step : rescaled(step, input, spec)
    state = after.state
    for (const c of after.conditions) conditions.set(c.type, c)
    pods = spec
    spec = step.desired
    see(second)
  }
  return { trace, conditions }
}

export function reading(
  { name, type, target }: Series['metrics'][number],
  answer: string,
): HpaReading {
  return {
    name,
    target: { type, milli: milli(target) },
    read:
      answer === 'missing'
        ? { kind: 'missing', reason: 'FailedGetExternalMetric', message: `no ${name}` }
        : { kind: 'value', milli: milli(answer) },
  }
}
