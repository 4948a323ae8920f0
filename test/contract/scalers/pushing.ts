import { once } from 'node:events'
import { text } from '../../../src/metadata/fields.ts'
import { type AnyScaler, defineScaler, type Push, value } from '../../../src/scaler.ts'

/** A source that tells by itself (as external-push scalers do), and can be asked too. */
export interface Pushing {
  readonly scaler: AnyScaler
  /** Who listens now, by topic. */
  readonly listeners: Map<string, Push>
}

export function pushing(): Pushing {
  const listeners: Pushing['listeners'] = new Map()
  const scaler = defineScaler({
    type: 'pushing',
    label: 'pushingScaler',
    doc: 'Says when there is something to do.',
    fields: {
      address: text({ doc: 'Where it is.', connection: true }),
      topic: text({ doc: 'What to listen to.' }),
    },
    specs: (m) => [{ name: m.topic, target: 1, form: 'integer' }],
    open: () => ({ close() {} }),
    query: (m) => ({ topic: m.topic }),
    batch: false,
    ask: async (_, queries) => queries.map(() => value(0)),
    conclude: (count: number) => ({ value: count, active: count > 0 }),
    watch: async (m, _, push, signal) => {
      listeners.set(m.topic, push)
      if (!signal.aborted) await once(signal, 'abort')
      listeners.delete(m.topic)
    },
  })
  return { scaler, listeners }
}
