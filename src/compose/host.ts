import type { Clock } from '../clock.ts'
import { failure } from '../errors.ts'
import type { Outward } from '../http.ts'
import type { Host } from '../scaler.ts'

/** What scalers are lent. Pods and tokens come with the scalers that need them. */
export const createHost = (clock: Clock, timeout: number, outward: Outward): Host => ({
  clock,
  timeout,
  get trust() {
    return outward.trust
  },
  tls: outward.tls,
  keepAlive: outward.keepAlive,
  permit: outward.permit,
  pods: () => [],
  token: (request) => Promise.reject(failure('IDENTITY_UNSUPPORTED', { scope: request.scope })),
})
