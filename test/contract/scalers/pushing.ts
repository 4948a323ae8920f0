import { once } from 'node:events'
import { text } from '../../../src/metadata/fields.ts'
import { type AnyScaler, defineScaler, value } from '../../../src/scaler.ts'

/** A source that says by itself whether it is active (as external-push scalers do), and can be asked how much there is. */
export interface Pushing {
  readonly scaler: AnyScaler
  /** Who listens now, by topic. */
  readonly listeners: Map<string, (active: boolean) => void>
}

interface Told {
  readonly count: number
  readonly active: boolean
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
    ask: async (_, queries) => queries.map(() => value<Told>({ count: 0, active: false })),
    conclude: ({ count, active }: Told) => ({ value: count, active }),
    watch: async (m, _, push, signal) => {
      listeners.set(m.topic, (active) => push.answer(value<Told>({ count: 0, active })))
      if (!signal.aborted) await once(signal, 'abort')
      listeners.delete(m.topic)
    },
  })
  return { scaler, listeners }
}
