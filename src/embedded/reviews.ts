import type { SubjectAccessReview, TokenReview, UserInfo } from '../resources.ts'
import type { Tree } from './json.ts'
import { asTree } from './json.ts'

/** Who may do what on the embedded cluster. */
export interface Policy {
  /** The user a token stands for; undefined where it stands for nobody. */
  readonly authenticate: (token: string, audiences: readonly string[]) => UserInfo | undefined
  readonly authorize: (review: SubjectAccessReview['spec']) => boolean
}

/** Every token is good and everyone may do everything. */
export const allowAll: Policy = {
  authenticate: () => ({ username: 'embedded', groups: ['system:authenticated'] }),
  authorize: () => true,
}

/** Answers a review with its status; undefined where the object is none. Reviews are answered and not stored. */
export function answerReview(plural: string, object: Tree, policy: Policy): Tree | undefined {
  // What is created under these plurals has these shapes, as on the wire.
  if (plural === 'tokenreviews') return reviewToken(object as unknown as TokenReview, policy)
  if (plural === 'subjectaccessreviews')
    return reviewAccess(object as unknown as SubjectAccessReview, policy)
  return undefined
}

function reviewToken(review: TokenReview, policy: Policy): Tree {
  const user = policy.authenticate(review.spec.token, review.spec.audiences ?? [])
  const status = user ? { authenticated: true, user } : { error: 'the token is not known' }
  return asTree({ ...review, status })
}

function reviewAccess(review: SubjectAccessReview, policy: Policy): Tree {
  const allowed = policy.authorize(review.spec)
  return asTree({ ...review, status: allowed ? { allowed } : { allowed, reason: 'not allowed' } })
}
