import { text } from '../../../src/metadata/fields.ts'
import { type AnyScaler, defineScaler, value } from '../../../src/scaler.ts'

export interface Offsets {
  readonly end: number
  readonly committed: number
}

/**
 * A log whose lag counts only while its reader moves on (as Kafka's excludePersistentLag does): what to conclude depends
 * on the sample before.
 */
export interface Comparing {
  readonly scaler: AnyScaler
  log: Offsets
}

export function comparing(): Comparing {
  const state = { log: { end: 0, committed: 0 } }
  const scaler = defineScaler({
    type: 'comparing',
    label: 'comparingScaler',
    doc: 'Counts the lag that is not stuck.',
    fields: { log: text({ doc: 'Log to look at.', connection: true }) },
    specs: (m) => [{ name: m.log, target: 1, form: 'integer' }],
    open: () => ({ close() {} }),
    query: () => ({ what: 'offsets' }),
    batch: false,
    ask: async (_, queries) => queries.map(() => value(state.log)),
    conclude: (now: Offsets, _, before) => {
      const lag = now.end - now.committed
      const stuck = before !== undefined && before.committed === now.committed
      return { value: stuck ? 0 : lag, active: lag > 0 }
    },
  })
  return Object.assign(state, { scaler })
}
