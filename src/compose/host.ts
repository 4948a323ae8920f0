import type { Stores } from '../auth/stores.ts'
import type { Clock } from '../clock.ts'
import type { Outward } from '../http.ts'
import type { Host } from '../scaler.ts'

/** What scalers are lent. Pods come with the scalers that need them. */
export const createHost = (
  clock: Clock,
  timeout: number,
  outward: Outward,
  stores: Pick<Stores, 'token'>,
): Host => ({
  clock,
  timeout,
  get trust() {
    return outward.trust
  },
  tls: outward.tls,
  keepAlive: outward.keepAlive,
  permit: outward.permit,
  pods: () => [],
  token: (request, signal, refused) => stores.token(request, signal, refused),
})
