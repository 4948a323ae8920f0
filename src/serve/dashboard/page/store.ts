import { signal, type Signal } from '@preact/signals'
import { linkOf, type Detail, type Overview } from '../shape.ts'

/** Everything the page shows. Only `follow` writes it, except for what the reader chooses. */
export interface Store {
  readonly overview: Signal<Overview | undefined>
  readonly detail: Signal<Detail | undefined>
  /** The open workload's address, as `linkOf` makes it; undefined shows the list alone. */
  readonly chosen: Signal<string | undefined>
  readonly search: Signal<string>
  /** `lost` while the server does not answer: what is shown then is old. */
  readonly link: Signal<'loading' | 'live' | 'lost'>
  /** The server's time now. */
  readonly now: Signal<number>
}

const fromHash = (hash: string): string | undefined => {
  const path = decodeURIComponent(hash.replace(/^#\/?/, ''))
  return path === '' ? undefined : path
}

export function createStore(): Store {
  const store: Store = {
    overview: signal(undefined),
    detail: signal(undefined),
    chosen: signal(fromHash(location.hash)),
    search: signal(''),
    link: signal('loading'),
    now: signal(Date.now()),
  }
  addEventListener('hashchange', () => {
    store.chosen.value = fromHash(location.hash)
  })
  return store
}

async function read<T>(path: string): Promise<T | undefined> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(5000) })
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return (await answer.json()) as T // the server's own types, from the same build
}

/** The workload to show: the chosen one, or the only one there is. */
export const shown = (store: Store): string | undefined => {
  const all = store.overview.value?.workloads
  const only = all?.length === 1 && store.search.value === '' ? all[0] : undefined
  return store.chosen.value ?? (only && linkOf(only))
}

/** Whether the list says that there is no such workload, so that there is nothing to ask for. */
function isAbsent(store: Store, key: string): boolean {
  const list = store.overview.value
  const complete = list?.total === list?.workloads.length && store.search.value.trim() === ''
  return complete && !list?.workloads.some((row) => linkOf(row) === key)
}

async function refresh(store: Store): Promise<void> {
  const query = new URLSearchParams({ search: store.search.value.trim() })
  store.overview.value = await read<Overview>(`api/workloads?${query}`)
  const key = shown(store)
  const askable = key !== undefined && !isAbsent(store, key)
  const found = askable ? await read<Detail>(`api/workloads/${key}`) : undefined
  if (key === shown(store)) store.detail.value = found
  store.now.value = store.overview.value?.at ?? Date.now()
}

const visible = (): Promise<void> =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve()
    document.addEventListener('visibilitychange', () => resolve(), { once: true })
  })

/** Wakes early when the reader chooses something, so that the page answers at once. */
const pause = (store: Store, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const stops = [store.chosen, store.search].map((choice) => {
      let first = true
      return choice.subscribe(() => {
        if (!first) finish()
        first = false
      })
    })
    const timer = setTimeout(finish, ms)
    function finish(): void {
      clearTimeout(timer)
      for (const stop of stops) stop()
      resolve()
    }
  })

/** Keeps the store current: once a second while the page is seen, more slowly while the server does not answer. */
export async function follow(store: Store): Promise<never> {
  for (let failures = 0; ;) {
    await visible()
    try {
      await refresh(store)
      store.link.value = 'live'
      failures = 0
    } catch {
      failures += 1
      store.link.value = 'lost'
    }
    await pause(store, Math.min(1000 * 2 ** failures, 8000))
  }
}
