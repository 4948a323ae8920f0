import { type Clock, deadline } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { SubjectAccessReview, TokenReview, UserInfo } from '../resources.ts'

/** How long the API server may take over one review, in ms, as in Kubernetes' delegated authorization. */
const patience = 10_000

export interface Reviews {
  /** Whose token this is; undefined where it is nobody's. */
  reviewToken(token: string): Promise<UserInfo | undefined>
  reviewAccess(
    spec: SubjectAccessReview['spec'],
  ): Promise<{ readonly allowed: boolean; readonly reason?: string }>
}

/** TokenReviews and SubjectAccessReviews of a cluster, each under a deadline and until the signal aborts. */
export function reviewsOf(cluster: Cluster, clock: Clock, signal: AbortSignal): Reviews {
  const bounded = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = deadline(clock, patience, signal, () =>
      failure('CLUSTER_UNREACHABLE', {
        server: cluster.server,
        why: `no answer within ${patience} ms`,
      }),
    )
    try {
      return await work(limit.signal)
    } finally {
      limit.clear()
    }
  }

  return {
    async reviewToken(token) {
      const review: TokenReview = { metadata: { name: '' }, spec: { token } }
      const { status } = await bounded((s) => cluster.create(kinds.tokenReview, review, s))
      return status?.authenticated === true ? status.user : undefined
    },
    async reviewAccess(spec) {
      const review: SubjectAccessReview = { metadata: { name: '' }, spec }
      const { status } = await bounded((s) => cluster.create(kinds.subjectAccessReview, review, s))
      return {
        allowed: status?.allowed === true && status.denied !== true,
        ...(status?.reason === undefined ? {} : { reason: status.reason }),
      }
    },
  }
}
