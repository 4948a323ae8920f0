import type { JSX } from 'preact'
import type { Row } from '../shape.ts'
import { amount } from '../words.ts'

/** A dot for the Ready condition; its words are in the title, and in full in the detail. */
export function ReadyMark({ ready }: { ready: Row['ready'] }): JSX.Element {
  const words = `Ready ${ready.status}${ready.reason === '' ? '' : `: ${ready.reason}`}`
  return (
    <span
      class={`mark mark-${ready.status.toLowerCase()}`}
      title={words}
      role="img"
      aria-label={words}
    />
  )
}

/** The replica count, with one bar per replica the workload may have (a plain gauge above twenty). */
export function Replicas({
  replicas,
  max,
}: {
  replicas: number | undefined
  max: number | undefined
}): JSX.Element {
  const count = replicas ?? 0
  const room = Math.max(max ?? 0, count)
  return (
    <span class="replicas">
      <b>{amount(replicas)}</b>
      <span class="dim"> of {amount(max)}</span>
      {room > 0 && room <= 20 && (
        <span class="pods" aria-hidden="true">
          {Array.from({ length: room }, (_, index) => (
            <i key={index} class={index < count ? 'on' : ''} />
          ))}
        </span>
      )}
      {room > 20 && <meter aria-hidden="true" min={0} max={room} value={count} />}
    </span>
  )
}
