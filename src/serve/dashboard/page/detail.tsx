import type { JSX } from 'preact'
import { linkOf, type Detail, type Step } from '../shape.ts'
import { Chart } from './chart.tsx'
import { Replicas } from './parts.tsx'
import type { Store } from './store.ts'
import { duration } from '../../../core/words.ts'
import { age, amount, time } from '../words.ts'

type Workload = Detail['workload']

function Triggers({ workload, now }: { workload: Workload; now: number }): JSX.Element {
  const triggers = workload.situation?.triggers ?? []
  return (
    <ul class="triggers">
      {triggers.map((trigger) => (
        <li key={trigger.metric} class={`trigger trigger-${trigger.state}`}>
          <span class="trigger-name">
            {trigger.type} <code>{trigger.metric}</code>
          </span>
          <span class="trigger-value">
            <b>{amount(trigger.value)}</b>
            <span class="dim"> / {amount(trigger.target)}</span>
          </span>
          <span class="trigger-state">
            <span class={`pill pill-${trigger.state}`}>{trigger.state}</span>{' '}
            <span class="dim">
              {trigger.at === undefined ? 'never read' : `read ${age(now - trigger.at)}`}
            </span>
          </span>
          {trigger.error !== undefined && <span class="trigger-error">{trigger.error}</span>}
        </li>
      ))}
    </ul>
  )
}

const outcome = (step: Step): string => {
  const { write, decision } = step
  switch (write.kind) {
    case 'scaled':
      return `${write.from} → ${write.to}`
    case 'shadow':
      return `would be ${write.from} → ${write.to}`
    case 'standby':
      return `left to who leads: ${write.from} → ${write.to}`
    case 'failed':
      return 'write failed'
    case 'none':
      return 'scaleTo' in decision ? `→ ${decision.scaleTo}` : `stays ${step.situation.replicas}`
  }
}

function Steps({ records, now }: { records: readonly Step[]; now: number }): JSX.Element {
  if (records.length === 0) return <p class="empty">No decision yet.</p>
  return (
    <ol class="steps">
      {records.toReversed().map((step) => (
        <li key={`${step.firstAt} ${step.decision.because}`} class={`step step-${step.write.kind}`}>
          <time dateTime={new Date(step.firstAt).toISOString()} title={age(now - step.firstAt)}>
            {time(step.firstAt)}
          </time>
          <span class="step-what">{outcome(step)}</span>
          <span class="step-why">
            {step.why}
            {step.write.kind === 'failed' && <span class="trigger-error">{step.write.error}</span>}
          </span>
          <span class="dim step-count">
            {step.count > 1 && `×${step.count} for ${duration(step.lastAt - step.firstAt)}`}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Facts({ workload }: { workload: Workload }): JSX.Element {
  return (
    <p class="facts dim">
      {workload.kind} → {workload.target.kind}/{workload.target.name} · {workload.mode} mode ·
      polled every {duration(workload.pollingInterval)}
      {workload.hpa !== undefined && (
        <>
          {' '}
          · HPA <code>{workload.hpa}</code>
        </>
      )}
    </p>
  )
}

function Now({ workload, now }: { workload: Workload; now: number }): JSX.Element {
  const decision = workload.decision
  const until = decision && 'until' in decision ? decision.until : undefined
  return (
    <div class="now">
      <Replicas replicas={workload.replicas} max={workload.situation?.max} />
      <p class="why">
        {decision && <span class="pill">{decision.because}</span>}{' '}
        {workload.why ?? 'No decision yet.'}
        {until !== undefined && until > now && (
          <span class="dim">
            {' '}
            (until {time(until)}, in {duration(until - now)})
          </span>
        )}
      </p>
    </div>
  )
}

/** One workload: what it has, why, what its triggers say, and how it came to this. */
export function WorkloadDetail({ store, open }: { store: Store; open: string }): JSX.Element {
  const detail = store.detail.value
  const workload = detail?.workload
  const current = workload && linkOf(workload) === open
  const now = store.now.value
  if (!workload || !current) {
    const loading = store.overview.value === undefined || detail !== undefined
    return (
      <section class="detail">
        <p class="empty">{loading ? 'Loading …' : `There is no workload ${open}.`}</p>
      </section>
    )
  }
  return (
    <section class="detail" aria-label={open}>
      {(store.overview.value?.total ?? 0) > 1 && (
        <a class="back" href="#/">
          ‹ all workloads
        </a>
      )}
      <h1>
        <span class="dim">{workload.namespace}/</span>
        {workload.name}
      </h1>
      <Facts workload={workload} />
      {workload.ready.status !== 'True' && (
        <p class="notice">
          <b>
            Ready {workload.ready.status}
            {workload.ready.reason !== '' && ` (${workload.ready.reason})`}
          </b>{' '}
          {workload.ready.message}
        </p>
      )}
      <Now workload={workload} now={now} />
      <h2>Triggers</h2>
      <Triggers workload={workload} now={now} />
      <h2>{workload.kind === 'ScaledJob' ? 'Jobs' : 'Replicas'} and values over time</h2>
      <Chart workload={workload} />
      <h2>Last decisions</h2>
      <Steps records={workload.records} now={now} />
    </section>
  )
}
