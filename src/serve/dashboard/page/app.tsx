import type { JSX } from 'preact'
import { WorkloadDetail } from './detail.tsx'
import { WorkloadList } from './list.tsx'
import { shown, type Store } from './store.ts'

const linkWords = {
  loading: 'connecting',
  live: 'live',
  lost: 'no answer; what you see is old',
} as const

function Link({ store }: { store: Store }): JSX.Element {
  const state = store.link.value
  return (
    <span class={`link link-${state}`} role="status">
      {linkWords[state]}
    </span>
  )
}

export function App({ store }: { store: Store }): JSX.Element {
  const key = shown(store)
  return (
    <>
      <header class="top">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="24" height="24" /> Ebb
        </a>
        <Link store={store} />
      </header>
      <main class={key === undefined ? 'only-list' : 'with-detail'}>
        <WorkloadList store={store} open={key} />
        {key !== undefined && <WorkloadDetail store={store} open={key} />}
      </main>
    </>
  )
}
