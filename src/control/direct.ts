import { directAfter, type DirectFacts } from '../core/direct.ts'
import type { Decision, Situation } from '../core/decide.ts'
import type { Offer } from '../core/demand.ts'
import type { HpaReading } from '../core/proposal.ts'
import { toMilli } from '../core/quantity.ts'
import { noHpaState, type HpaState } from '../core/replicas.ts'
import type { Behavior } from '../resources.ts'

/** What scaling without an HPA remembers of one workload between its decisions. */
export interface Direct {
  /** For the situation. */
  facts(now: {
    readonly behavior: Behavior | undefined
    readonly straight: boolean
    readonly offers: readonly Offer[]
    /** Of cpu and memory. */
    readonly usage: readonly HpaReading[]
    readonly status: number
    /** Counted only where something depends on them. */
    readonly pods: () => DirectFacts['pods']
  }): DirectFacts
  /** A decision was made; `written` is the count that reached the target, where one did. */
  decided(situation: Situation, decision: Decision, written: number | undefined): void
  /** Somebody else decides: what was remembered says nothing any more. */
  forget(): void
}

export function createDirect(): Direct {
  let state: HpaState = noHpaState
  return {
    facts: ({ behavior, straight, offers, usage, status, pods }) => ({
      behavior,
      straight,
      readings: [...offers.map(readingOf), ...usage],
      status,
      pods: offers.some((o) => o.metricType === 'Value') ? pods() : undefined,
      state,
    }),
    decided(situation, decision, written) {
      // what is about to be written is remembered once it is
      if (situation.direct === undefined || ('scaleTo' in decision && written === undefined)) return
      state = directAfter(situation, situation.direct, written)
    },
    forget() {
      state = noHpaState
    },
  }
}

/** A metric as an HPA would have read it. */
const readingOf = ({ metric, target, metricType, reading }: Offer): HpaReading => ({
  name: metric,
  target: {
    type: metricType === 'Value' ? 'Value' : 'AverageValue',
    milli: Number(toMilli(target)),
  },
  read:
    reading.kind === 'value'
      ? { kind: 'value', milli: Number(toMilli(Math.max(0, reading.value))) }
      : { kind: 'missing', reason: 'FailedGetExternalMetric', message: reading.why },
})
