import type { Page, Where } from '../cluster.ts'
import { failure } from '../errors.ts'
import type { Stored } from './json.ts'
import { isTree } from './json.ts'
import type { Store } from './store.ts'
import { keyOf } from './store.ts'
import { whereMatcher } from './watch.ts'

/**
 * One page of a list. All pages of one list show the objects as they were at its first page, which the history makes
 * possible; once the history no longer reaches back that far, the list fails with CLUSTER_GONE.
 */
export function listPage(
  store: Store,
  kind: string,
  where: Where & { readonly limit?: number; readonly next?: string | undefined },
): Page<Stored> {
  const { limit = 0, next } = where
  const matches = whereMatcher(where)
  const token = next === undefined || next === '' ? undefined : readToken(next)
  const revision = token?.revision ?? store.revision
  if (revision < store.floor) throw failure('CLUSTER_GONE', { what: `the list of ${kind}` })
  const objects = (token ? store.valuesAt(kind, revision) : store.values(kind)).filter(
    (object) => (token === undefined || keyOf(object.metadata) > token.after) && matches(object),
  )
  const items = limit > 0 ? objects.slice(0, limit) : objects
  const last = items.at(-1)
  return {
    items,
    resourceVersion: String(revision),
    next:
      last && items.length < objects.length
        ? writeToken({ revision, after: keyOf(last.metadata) })
        : undefined,
  }
}

interface Token {
  readonly revision: number
  /** The key of the last object of the page before. */
  readonly after: string
}

const writeToken = (token: Token): string =>
  Buffer.from(JSON.stringify(token)).toString('base64url')

function readToken(text: string): Token {
  const token = parsed(Buffer.from(text, 'base64url').toString())
  const { revision, after } = isTree(token) ? token : {}
  if (typeof revision !== 'number' || typeof after !== 'string')
    throw failure('CLUSTER_INVALID', { what: 'the list', why: 'its continue token is not valid' })
  return { revision, after }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
