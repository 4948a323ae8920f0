import { text } from '../../src/metadata/fields.ts'
import { defineScaler, value, type AnyScaler } from '../../src/scaler.ts'

const one = value(1)

/** A scaler whose source is this process: every query has the value 1 at once. */
export const memoryScaler = (batch: false | number): AnyScaler =>
  defineScaler({
    type: `memory-${batch}`,
    label: 'memoryScaler',
    doc: 'In memory.',
    fields: { endpoint: text({ doc: 'Where.', connection: true }) },
    specs: () => [{ name: 'memory', target: 1, form: 'integer' }],
    open: () => ({ close() {} }),
    query: () => ({ name: '' }),
    batch,
    ask: async (_service, queries: readonly { readonly name: string }[]) => queries.map(() => one),
    conclude: (measured) => ({ value: measured, active: true }),
  })
