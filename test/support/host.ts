import { systemClock } from '../../src/clock.ts'
import { anywhere } from '../../src/http.ts'
import type { Host } from '../../src/scaler.ts'

/** What Ebb lends to scalers, with nothing behind it but the machine's clock. */
export const testHost = (differences: Partial<Host> = {}): Host => ({
  clock: systemClock,
  timeout: 3000,
  ...anywhere,
  followPods() {
    throw new TypeError('no pods in this test')
  },
  token: async () => {
    throw new TypeError('no identity in this test')
  },
  ...differences,
})
