import { cron } from '../../../scalers/cron/index.ts'
import { givenBy, scalerContract } from '../../contract/scaler.ts'

const never = '0 0 31 2 *'
const newYear = '0 0 1 1 *'
const trigger = (start: string, end: string) =>
  givenBy({ timezone: 'Europe/Berlin', start, end, desiredReplicas: '7' })

scalerContract("cron on the machine's clock", cron, async () => ({
  good: { given: trigger(never, newYear), value: 7 },
  other: { given: trigger(newYear, never), value: 0 },
  bad: undefined,
  strangers: undefined,
  nobody: undefined,
  connections: () => undefined,
  close: async () => {},
}))
