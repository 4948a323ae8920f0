import { failure } from '../../../src/errors.ts'
import { text } from '../../../src/metadata/fields.ts'
import { type AnyScaler, type Answer, defineScaler, error, value } from '../../../src/scaler.ts'

/** A source that is asked what it measures, says several things, and other things later (as external scalers do). */
export interface Announcing {
  readonly scaler: AnyScaler
  /** What it measures now: metric name to value. */
  readonly measured: Map<string, number>
}

export function announcing(): Announcing {
  const measured: Announcing['measured'] = new Map()
  const service = {
    names: async (signal: AbortSignal): Promise<readonly string[]> => {
      signal.throwIfAborted()
      return [...measured.keys()]
    },
    measure: (name: string): Answer<number> => {
      const found = measured.get(name)
      return found === undefined
        ? error(failure('SOURCE_NOT_FOUND', { address: 'memory', what: `metric ${name}` }))
        : value(found)
    },
    close() {},
  }
  const scaler = defineScaler({
    type: 'announcing',
    label: 'announcingScaler',
    doc: 'Measures what it says it measures.',
    fields: { address: text({ doc: 'Where it is.', connection: true }) },
    specs: (_, use) =>
      use(async (open, signal) => {
        const names = await open.names(signal)
        return names.map((name) => ({ name, target: 1, form: 'integer' as const }))
      }),
    open: () => service,
    query: (_, spec) => ({ metric: spec.name }),
    batch: false,
    ask: async (open, queries) => queries.map(({ metric }) => open.measure(metric)),
    conclude: (measure: number) => ({ value: measure, active: measure > 0 }),
  })
  return { scaler, measured }
}
