import type { JSX } from 'preact'
import { linkOf, type Row } from '../shape.ts'
import { ReadyMark, Replicas } from './parts.tsx'
import type { Store } from './store.ts'
import { amount } from '../words.ts'

function Item({ row, open }: { row: Row; open: boolean }): JSX.Element {
  return (
    <li>
      <a class="item" href={`#/${linkOf(row)}`} aria-current={open ? 'true' : undefined}>
        <span class="item-name">
          <ReadyMark ready={row.ready} />
          <span class="dim">{row.namespace}/</span>
          {row.name}
          {row.kind === 'ScaledJob' && <span class="dim"> ScaledJob</span>}
        </span>
        <Replicas replicas={row.replicas} max={row.situation?.max} />
        <span class="item-values">
          {row.situation?.triggers.map((trigger) => (
            <span key={trigger.metric} class={`value value-${trigger.state}`}>
              {trigger.type} {amount(trigger.value)}
              <span class="dim"> / {amount(trigger.target)}</span>
            </span>
          ))}
        </span>
        <span class="item-why">{row.why ?? row.ready.message}</span>
      </a>
    </li>
  )
}

function Empty({ store }: { store: Store }): JSX.Element {
  if (store.search.value !== '') return <p class="empty">No workload has that in its name.</p>
  return (
    <p class="empty">
      No workloads yet. Apply a ScaledObject (<code>kubectl apply -f</code>) and it appears here.
    </p>
  )
}

/** Every workload, one line each where there is room. */
export function WorkloadList({
  store,
  open,
}: {
  store: Store
  open: string | undefined
}): JSX.Element {
  const overview = store.overview.value
  const searching = store.search.value !== ''
  const rows = overview?.workloads ?? []
  const hidden = (overview?.total ?? 0) - rows.length
  return (
    <section class="list" aria-label="Workloads">
      <div class="list-head">
        <h2>Workloads{overview && <span class="dim"> {overview.total}</span>}</h2>
        {(searching || (overview?.total ?? 0) > 8) && (
          <input
            type="search"
            placeholder="namespace/name"
            aria-label="Find a workload"
            value={store.search.value}
            onInput={(event) => {
              store.search.value = event.currentTarget.value
            }}
          />
        )}
      </div>
      {!overview && <p class="empty">Waiting for the controller …</p>}
      {overview && rows.length === 0 && <Empty store={store} />}
      <ul>
        {rows.map((row) => {
          const key = linkOf(row)
          return <Item key={key} row={row} open={key === open} />
        })}
      </ul>
      {hidden > 0 && <p class="empty">{hidden} more; search by name to see them.</p>}
    </section>
  )
}
