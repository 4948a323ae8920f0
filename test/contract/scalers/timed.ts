import { integer } from '../../../src/metadata/fields.ts'
import { defineScaler, type Host, type Service, value } from '../../../src/scaler.ts'

interface Watch extends Service {
  minute(): number
}

/** A schedule (as cron): asks nobody but the clock that Ebb lends. */
export const timed = defineScaler({
  type: 'timed',
  label: 'timedScaler',
  doc: 'Active in some minutes of each hour.',
  fields: {
    start: integer({ doc: 'First minute.' }),
    end: integer({ doc: 'First minute after.' }),
    replicas: integer({ doc: 'Replicas meanwhile.' }),
  },
  specs: (m) => [{ name: `timed-${m.start}-${m.end}`, target: 1, form: 'integer' as const }],
  open: (_, { clock }: Host): Watch => ({
    minute: () => Math.floor(clock.now() / 60_000) % 60,
    close() {},
  }),
  query: () => ({ what: 'minute' }),
  batch: false,
  ask: async (watch, queries) => queries.map(() => value(watch.minute())),
  conclude: (minute: number, m) => {
    const active = minute >= m.start && minute < m.end
    return { value: active ? m.replicas : 0, active }
  },
})
