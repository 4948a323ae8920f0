import type { Clock } from '../clock.ts'
import { type EbbError, failure } from '../errors.ts'
import type { SubjectAccessReview } from '../resources.ts'
import { unchecked } from './authentication.ts'
import type { Identity } from './identity.ts'
import { remember } from './remember.ts'

/** What somebody wants to do: with a resource, or with a path. */
export type Question =
  | {
      readonly kind: 'resource'
      readonly verb: string
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly namespace: string
      readonly name: string
      /** The API server asked itself this very question before it forwarded the request. */
      readonly askedBefore: boolean
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string }

export type Verdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly error: EbbError }
  | { readonly kind: 'unknown'; readonly error: EbbError }

export interface Authorization {
  authorize(user: Identity, question: Question): Verdict | Promise<Verdict>
}

/**
 * How long an answer is believed, in ms: that of Kubernetes' delegated authorization. Where the API server has authorized
 * the same request just before, the second check guards against a forged forward and nothing else, so its "yes" lasts as
 * long as the API server's own webhook answers do; else the HPAs' reads would cost one review each.
 */
const brief = 10_000
const long = 5 * 60_000
const answersRemembered = 16_384
const reviewsAtOnce = 64

const allowed: Verdict = { kind: 'allowed' }

/**
 * Asks the API server with a SubjectAccessReview what a user may do, and remembers the answer. Never open: without an
 * answer the verdict is `unknown`. `system:masters` may do everything, as the API server itself has it.
 */
export function authorization(o: {
  readonly reviewAccess: (
    spec: SubjectAccessReview['spec'],
  ) => Promise<{ readonly allowed: boolean; readonly reason?: string }>
  readonly clock: Clock
}): Authorization {
  const verdicts = remember<Verdict>({
    clock: o.clock,
    size: answersRemembered,
    width: reviewsAtOnce,
    ttl: (verdict, key) => (verdict.kind === 'allowed' && key.startsWith('long') ? long : brief),
  })

  const ask = async (user: Identity, question: Question): Promise<Verdict> => {
    const answer = await o.reviewAccess(reviewOf(user, question))
    if (answer.allowed) return allowed
    const error = failure('ACCESS_DENIED', { user: user.name, what: describe(question) })
    return { kind: 'denied', error }
  }

  const slowly = async (user: Identity, question: Question, key: string): Promise<Verdict> => {
    try {
      return await verdicts.get(key, () => ask(user, question))
    } catch (error) {
      return { kind: 'unknown', error: unchecked(`whether ${user.name} may do this`, error) }
    }
  }

  return {
    authorize(user, question) {
      if (user.groups.includes('system:masters')) return allowed
      const key = keyOf(user, question)
      return verdicts.peek(key) ?? slowly(user, question, key)
    },
  }
}

/** Neither part can hold a line break, so no two questions share a key. */
function keyOf(user: Identity, q: Question): string {
  if (q.kind === 'path') return `brief\n${user.key}\n${JSON.stringify([q.verb, q.path])}`
  const lasting = q.askedBefore && user.via === 'front-proxy' ? 'long' : 'brief'
  const what = JSON.stringify([q.verb, q.group, q.resource, q.namespace, q.name])
  return `${lasting}\n${user.key}\n${what}`
}

function reviewOf(user: Identity, q: Question): SubjectAccessReview['spec'] {
  const subject = {
    user: user.name,
    groups: user.groups,
    extra: user.extra,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
  }
  if (q.kind === 'path')
    return { ...subject, nonResourceAttributes: { path: q.path, verb: q.verb } }
  const { verb, group, version, resource, namespace } = q
  const name = q.name === '' ? {} : { name: q.name }
  return {
    ...subject,
    resourceAttributes: { verb, group, version, resource, namespace, ...name },
  }
}

const describe = (q: Question): string =>
  q.kind === 'path'
    ? `${q.verb} path "${q.path}"`
    : `${q.verb} resource "${q.resource}" in API group "${q.group}" in the namespace "${q.namespace}"`
