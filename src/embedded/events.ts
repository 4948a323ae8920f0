import { kindId } from './rule.ts'
import { kinds } from '../kinds.ts'
import type { Store } from './store.ts'
import { keyOf } from './store.ts'

/** Keeps at most `limit` Events, the newest ones, where a real cluster lets them expire after an hour. */
export function boundEvents(store: Store, limit: number): () => void {
  const kind = kindId(kinds.event)
  const kept = new Set<string>()
  return store.onChange((change) => {
    if (change.kind !== kind) return
    const key = keyOf(change.object.metadata)
    if (!change.after) kept.delete(key)
    else kept.add(key)
    const [oldest] = kept
    if (kept.size > limit && oldest !== undefined) store.drop(kind, oldest)
  })
}
