import { systemClock } from '../../src/clock.ts'
import type { Host } from '../../src/scaler.ts'

/** What Ebb lends to scalers, with nothing behind it but the machine's clock. */
export const testHost = (differences: Partial<Host> = {}): Host => ({
  clock: systemClock,
  timeout: 3000,
  trust: [],
  pods: () => [],
  token: async () => {
    throw new TypeError('no identity in this test')
  },
  ...differences,
})
