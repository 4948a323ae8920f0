import type { Situation, TriggerFacts, TriggerState } from '../../src/core/decide.ts'

export const minute = 60_000

/** A trigger in that state, read a second before `quiet.now`. A test says only how it differs. */
export function trigger(state: TriggerState, difference: Partial<TriggerFacts> = {}): TriggerFacts {
  const known = state === 'active' || state === 'idle'
  return {
    metric: 's0-azure-queue-orders',
    type: state === 'resource' ? 'cpu' : 'azure-queue',
    state,
    value: state === 'active' ? 12 : state === 'idle' ? 0 : undefined,
    target: 5,
    at: known ? 100 * minute - 1000 : undefined,
    error:
      state === 'failing' || state === 'fallback'
        ? 'http://queue did not answer within 3000 ms'
        : undefined,
    ...difference,
  }
}

/** Three replicas, nothing to do, long past the cooldown, everything read. A test says only how it differs. */
export const quiet: Situation = {
  now: 100 * minute,
  created: 0,
  lastActive: 50 * minute,
  everActive: true,
  replicas: 3,
  min: 0,
  max: 100,
  idle: undefined,
  cooldown: { initial: 0, period: 5 * minute },
  triggers: [trigger('idle')],
  composite: undefined,
  freshSince: 10 * minute,
  forced: false,
  paused: 'no',
  hold: false,
  holdOn: [],
  direct: undefined,
  contested: undefined,
  fallbackReplicas: undefined,
}
