import { bounds } from './series/bounds.ts'
import { metrics } from './series/metrics.ts'
import { pace } from './series/pace.ts'
import { tolerance } from './series/tolerance.ts'
import { windows } from './series/windows.ts'
import type { Series } from './series/shape.ts'

export { flags, type Series } from './series/shape.ts'

/** Every script for an HPA, for the pure algorithm and for a real controller. */
export const allSeries: readonly Series[] = [
  ...tolerance,
  ...pace,
  ...windows,
  ...metrics,
  ...bounds,
]
