import type { Page, WatchEvent } from '../../src/cluster.ts'
import type { Code } from '../../src/errors.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { mirror, type Followed, type Mirror, type MirrorNews } from '../../src/mirror.ts'
import type { ConfigMap } from '../../src/resources.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'

/** One answer to a watch: what it gives, and then how it ends. Without `ends` it stays open. */
export interface Life {
  /** ms before each event, and before the end. */
  readonly every?: number
  readonly events?: readonly WatchEvent<ConfigMap>[]
  readonly ends?: 'plainly' | Error
}

export interface Script {
  /** Answers the nth list request, counted from 0. */
  readonly list?: (n: number, next: string | undefined) => Page<ConfigMap> | Error
  /** Answers the nth watch. */
  readonly watch?: (n: number, version: string) => Life
}

export interface Played {
  readonly clock: ManualClock
  readonly held: Mirror<ConfigMap>
  /** `list <next>` and `watch <version>`, in order. */
  readonly calls: readonly string[]
  readonly news: readonly MirrorNews[]
  abort(): void
}

/** A mirror of ConfigMaps on a server that answers by script. */
export async function play(script: Script): Promise<Played> {
  const clock = manualClock()
  const calls: string[] = []
  const news: MirrorNews[] = []
  const own = new AbortController()
  let lists = 0
  let watches = 0
  const cluster: Followed = {
    server: 'script',
    async list(_, where) {
      calls.push(`list ${where.next ?? ''}`.trim())
      const answer = (script.list ?? (() => page([])))(lists++, where.next)
      if (answer instanceof Error) throw answer
      // The tests ask for ConfigMaps only.
      return answer as never
    },
    watch(_, where, signal) {
      calls.push(`watch ${where.resourceVersion}`)
      const life = (script.watch ?? (() => ({})))(watches++, where.resourceVersion)
      // The tests ask for ConfigMaps only.
      return living(life, clock, signal) as never
    },
  }
  const options = { random: () => 0.5, report: (one: MirrorNews) => void news.push(one) }
  const held = mirror(cluster, clock, kinds.configMap, {}, (o) => o, options, own.signal)
  await settle()
  return { clock, held, calls, news, abort: () => own.abort(new Error('over')) }
}

async function* living(
  life: Life,
  clock: ManualClock,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<ConfigMap>> {
  const pause = async (): Promise<void> => {
    if (life.every !== undefined) await clock.sleep(life.every, signal)
  }
  for (const event of life.events ?? []) {
    await pause()
    yield event
  }
  await pause()
  if (life.ends instanceof Error) throw life.ends
  if (life.ends === 'plainly') return
  await clock.sleep(Number.MAX_SAFE_INTEGER, signal)
}

export const page = (
  items: readonly ConfigMap[],
  resourceVersion = '10',
  next?: string,
): Page<ConfigMap> => ({ items, resourceVersion, next })

export const object = (name: string, resourceVersion = '1', namespace = 'shop'): ConfigMap => ({
  metadata: { name, namespace, uid: `uid-${name}`, resourceVersion },
})

export const event = (
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  name: string,
  resourceVersion: string,
): WatchEvent<ConfigMap> => ({ type, object: object(name, resourceVersion) })

export const bookmark = (resourceVersion: string): WatchEvent<ConfigMap> => ({
  type: 'BOOKMARK',
  resourceVersion,
})

/** A failure of the kind a server gives. */
export function trouble(code: Code): Error {
  if (code === 'CLUSTER_UNREACHABLE') return failure(code, { server: 'script', why: 'cut off' })
  if (code === 'CLUSTER_FAILED' || code === 'CLUSTER_FORBIDDEN' || code === 'CLUSTER_INVALID') {
    return failure(code, { what: 'it', why: 'no' })
  }
  if (code === 'CLUSTER_GONE' || code === 'CLUSTER_THROTTLED' || code === 'CLUSTER_NOT_FOUND') {
    return failure(code, { what: 'it' })
  }
  throw new TypeError(`no ${code} here`)
}

export const names = (held: Mirror<ConfigMap>): readonly string[] =>
  [...held.values()].map((o) => `${o.metadata.name}@${o.metadata.resourceVersion}`).sort()
