import { integer, text } from '../../src/metadata/fields.ts'
import { defineScaler } from '../../src/scaler.ts'
import { openWindows, type Windows } from './client.ts'
import { problems } from './check.ts'

/** So many replicas while a window of time is open (KEDA pkg/scalers/cron_scaler.go). Asks nobody but the clock. */
export const cron = defineScaler({
  type: 'cron',
  label: 'cronScaler',
  doc: 'Keeps a number of replicas between two times of the day, week or year.',
  fields: {
    timezone: text({ doc: 'Time zone of both expressions, by its IANA name (`Europe/Berlin`).' }),
    start: text({
      doc: 'When the window opens: minute, hour, day of month, month, day of week. `0 8 * * 1-5` is 8 on weekdays.',
    }),
    end: text({ doc: 'When it closes, in the same form; must differ from start.' }),
    desiredReplicas: integer({ doc: 'Replicas while the window is open.' }),
  },
  check: problems,
  specs: (m) => [{ name: metricName(m), target: 1, form: 'integer' as const }],
  open: (_, host): Windows => openWindows(host.clock),
  query: ({ timezone, start, end }) => ({ timezone, start, end }),
  batch: false,
  ask: async (windows, queries, signal) => {
    signal.throwIfAborted()
    return queries.map((query) => windows.look(query))
  },
  conclude: (open: boolean, m) => ({ value: open ? m.desiredReplicas : 0, active: open }),
  watch: ({ timezone, start, end }, windows, push, signal) =>
    windows.follow({ timezone, start, end }, push, signal),
})

/** KEDA's name: the expressions without what a metric's name cannot hold. */
function metricName(m: { timezone: string; start: string; end: string }): string {
  const plain = (expression: string): string =>
    expression
      .replace(/\s/g, '')
      .replaceAll('*', 'x')
      .replaceAll('/', 'Sl')
      .replaceAll('?', 'Qm')
      .replaceAll(',', 'Cm')
  return `cron-${m.timezone}-${plain(m.start)}-${plain(m.end)}`
}
