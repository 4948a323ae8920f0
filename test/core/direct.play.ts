import { completeBehavior, type Behavior, type Rules } from '../../src/core/behavior.ts'
import { decide, type Situation, type TriggerFacts } from '../../src/core/decide.ts'
import { directAfter, type DirectFacts } from '../../src/core/direct.ts'
import type { HpaReading } from '../../src/core/proposal.ts'
import { noHpaState } from '../../src/core/replicas.ts'
import { reading } from './replicas.play.ts'
import type { Series } from './series/shape.ts'
import { quiet, trigger } from './situation.ts'

/** Seconds of a series are minutes here: its window of five seconds is then the default one of five minutes. */
const slow = 60

/**
 * Plays a series through all of a decision without an HPA: decide, write, remember. The trace is in the seconds of the
 * series, like that of `play`. Pods are ready one look after they are wanted.
 */
export function playDirect(series: Series): readonly (readonly [number, number])[] {
  const values = new Map<string, string>()
  const trace: (readonly [number, number])[] = []
  const behavior = slowed(series.behavior)
  let state = noHpaState
  let spec = series.start
  let pods = spec
  const see = (at: number): void => {
    if (trace.at(-1)?.[1] !== spec) trace.push([at, spec])
  }
  const steps = [...series.steps]
  for (let second = 0; second <= series.until; second++) {
    while (steps[0] !== undefined && steps[0].at <= second) {
      const { values: changed = {}, replicas = spec } = steps.shift() ?? { at: 0 }
      for (const [name, value] of Object.entries(changed)) values.set(name, value)
      spec = replicas
      if (second > 0) see(second)
    }
    const readings = series.metrics.map((m) => reading(m, values.get(m.name) ?? 'missing'))
    const direct: DirectFacts = {
      behavior,
      straight: true,
      readings,
      status: pods,
      pods: { all: pods, ready: pods },
      state,
    }
    const now = 1_700_000_000_000 + second * slow * 1000
    const situation: Situation = {
      ...quiet,
      now,
      created: now,
      lastActive: now,
      freshSince: now,
      replicas: spec,
      min: series.min,
      max: series.max,
      triggers: readings.map((one) => factsOf(one, now)),
      direct,
    }
    const decision = decide(situation)
    const written = 'scaleTo' in decision ? decision.scaleTo : undefined
    state = directAfter(situation, direct, written)
    pods = spec
    spec = written ?? spec
    see(second)
  }
  return trace
}

function factsOf({ name, target, read }: HpaReading, at: number): TriggerFacts {
  const limit = 'milli' in target ? target.milli / 1000 : 0
  if (read.kind !== 'value') return trigger('failing', { metric: name, target: limit })
  const value = read.milli / 1000
  return trigger(value > 0 ? 'active' : 'idle', { metric: name, value, target: limit, at })
}

function slowed(behavior: Behavior | undefined): Behavior | undefined {
  if (behavior === undefined) return undefined
  const { scaleUp, scaleDown } = completeBehavior(behavior)
  return { scaleUp: slowedRules(scaleUp), scaleDown: slowedRules(scaleDown) }
}

const slowedRules = ({
  stabilizationWindowSeconds: window,
  policies = [],
  ...rest
}: Rules): Rules => ({
  ...rest,
  ...(window !== undefined && { stabilizationWindowSeconds: window * slow }),
  policies: policies.map((policy) => ({ ...policy, periodSeconds: policy.periodSeconds * slow })),
})
