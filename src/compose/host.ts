import type { Stores } from '../auth/stores.ts'
import type { Clock } from '../clock.ts'
import type { Outward } from '../http.ts'
import type { Pods } from '../pods.ts'
import type { Host } from '../scaler.ts'

/** What scalers are lent. */
export const createHost = (
  clock: Clock,
  timeout: number,
  outward: Outward,
  stores: Pick<Stores, 'token'>,
  pods: Pick<Pods, 'follow'>,
): Host => ({
  clock,
  timeout,
  get trust() {
    return outward.trust
  },
  ...(outward.context && { context: outward.context }),
  tls: outward.tls,
  keepAlive: outward.keepAlive,
  permit: outward.permit,
  followPods: (namespace, selector) => pods.follow(namespace, selector),
  token: (request, signal, refused) => stores.token(request, signal, refused),
})
