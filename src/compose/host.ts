import type { Clock } from '../clock.ts'
import { failure } from '../errors.ts'
import type { Host } from '../scaler.ts'

/** What scalers are lent. Pods and tokens come with the scalers that need them. */
export const createHost = (clock: Clock, timeout: number, trust: readonly string[]): Host => ({
  clock,
  timeout,
  trust,
  pods: () => [],
  token: (request) => Promise.reject(failure('IDENTITY_UNSUPPORTED', { scope: request.scope })),
})
