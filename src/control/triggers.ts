import type { TriggerFacts } from '../core/decide.ts'
import { isResourceTrigger, metricName } from '../core/names.ts'
import { permitWithin, type Within } from '../endpoints.ts'
import { EbbError, failure, isFailure, reasonOf } from '../errors.ts'
import type { Given } from '../metadata/fields.ts'
import { connectionOf, read } from '../metadata/schema.ts'
import type { Open } from '../open.ts'
import type { Engine, Subscription } from '../poll/port.ts'
import type { Container, TriggerSpec } from '../resources.ts'
import type { AnyScaler, Reading, Sample, Spec } from '../scaler.ts'
import { authenticate, wantedVariables, type Authentication } from './authentication.ts'
import { environment } from './environment.ts'
import { environmentReader, type AuthenticationSource } from './reading.ts'
import { announced, unasked, type Announced } from './specs.ts'
import { same } from './status.ts'

/** One trigger of a spec, resolved: its scaler, its parsed metadata and the metrics it announces. */
export interface Plan {
  readonly index: number
  readonly trigger: TriggerSpec
  readonly scaler: AnyScaler
  readonly m: Readonly<Record<string, unknown>>
  readonly specs: readonly Spec[]
  readonly announced: Announced
  /** The metric names of `specs`, as the HPA asks for them. */
  readonly metrics: readonly string[]
  /** Where the source may be, by the authentication. */
  readonly within: Within | undefined
  /** What could not be had when this was resolved, and what is older than it should be because its store cannot answer. */
  readonly notes: readonly string[]
  /** Of these: stores in trouble. */
  readonly troubles: readonly string[]
}

export interface PlanSource {
  readonly engine: Engine
  readonly authentication: AuthenticationSource
  /** The specs a trigger had before, for while its source does not say them. */
  known(index: number): readonly Spec[]
  /** The scaler of a type; fails with TRIGGER_UNKNOWN. */
  load(type: string): Promise<AnyScaler>
}

/** The workload a trigger belongs to, as far as its resolution depends on it. */
export interface Surroundings {
  readonly namespace: string
  readonly name: string
  readonly containers: readonly Container[]
  readonly envSourceContainerName: string | undefined
  /** scalingModifiers make one value of all triggers: their own targets mean nothing. */
  readonly composed: boolean
}

/** Resolves every trigger but cpu and memory, which nobody asks. All problems of all triggers come back together; then there are no plans. */
export async function planTriggers(
  triggers: readonly TriggerSpec[],
  around: Surroundings,
  source: PlanSource,
  signal: AbortSignal,
): Promise<{ readonly plans: readonly Plan[]; readonly problems: readonly string[] }> {
  const results = await Promise.all(
    triggers.flatMap((trigger, index) =>
      isResourceTrigger(trigger.type)
        ? []
        : planTrigger(trigger, index, around, source, signal).catch((error: unknown) => {
            signal.throwIfAborted()
            return reasonOf(error)
          }),
    ),
  )
  const problems = results.filter((result) => typeof result === 'string')
  const plans = results.filter((result) => typeof result !== 'string')
  const names = plans.flatMap((plan) => plan.metrics)
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name))
      problems.push(`two metrics are named ${name}`)
  return { plans, problems }
}

async function planTrigger(
  trigger: TriggerSpec,
  index: number,
  around: Surroundings,
  source: PlanSource,
  signal: AbortSignal,
): Promise<Plan> {
  const scaler = await source.load(trigger.type)
  const resolved = await resolve(trigger, around, source.authentication)
  const { given, problems, fatal, within, notes } = resolved
  if (fatal.length > 0) throw failure('SPEC_INVALID', { problems: fatal })
  const called = trigger.name === undefined || trigger.name === '' ? '' : ` "${trigger.name}"`
  let m: Readonly<Record<string, unknown>>
  try {
    m = onlyGiven(read(`${trigger.type}${called}`, scaler.fields, given, scaler.check))
  } catch (error) {
    // a missing parameter is often a missing Secret: say both in one message
    if (problems.length === 0) throw error
    throw failure('SPEC_INVALID', { problems: [reasonOf(error), ...problems] }, error)
  }
  const { stores } = source.authentication
  for (const endpoint of scaler.endpoints?.(connectionOf(scaler.fields, m)) ?? []) {
    stores.permit(endpoint)
    permitWithin(within, endpoint)
  }
  const ask = (): readonly Spec[] | Promise<readonly Spec[]> =>
    scaler.specs(m, (work) => source.engine.use(scaler, m, work, signal, within))
  const said = await announced(scaler.type, ask, source.known(index))
  const { specs } = said
  const metrics = specs.map((s) => metricName(index, s.name))
  return {
    index,
    trigger,
    scaler,
    m,
    specs,
    announced: said,
    metrics,
    within,
    notes: [...notes, ...problems],
    troubles: notes,
  }
}

/** Without the parameters that have no value: most triggers set a few of many, and what is kept is kept for each. */
const onlyGiven = (m: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(m).filter(([, value]) => value !== undefined))

/** The string maps a trigger is read from. Only the variables it names are looked up. */
async function resolve(
  trigger: TriggerSpec,
  around: Surroundings,
  source: AuthenticationSource,
): Promise<Omit<Authentication, 'auth' | 'identity'> & { readonly given: Given }> {
  const { namespace, name, containers, envSourceContainerName, composed } = around
  const { auth, identity, ...rest } = await authenticate(
    trigger.authenticationRef,
    namespace,
    containers,
    source,
  )
  const wanted = wantedVariables(trigger)
  const found = [...rest.problems]
  let env: Readonly<Record<string, string>> = {}
  if (wanted.length > 0) {
    const container =
      envSourceContainerName === undefined
        ? containers[0]
        : containers.find((c) => c.name === envSourceContainerName)
    if (container) {
      const read = environmentReader(source, namespace)
      const result = await environment(container, wanted, read)
      env = result.values
      found.push(...result.problems)
    } else if (envSourceContainerName !== undefined) {
      found.push(`the scale target has no container ${envSourceContainerName}`)
    }
  }
  const given: Given = {
    trigger: trigger.metadata ?? {},
    auth,
    env,
    identity,
    workload: { namespace, name, ...(composed && { composed: 'true' }) },
  }
  return { ...rest, given, problems: found }
}

/** One metric of one trigger, subscribed to its source. */
export interface Trigger {
  readonly plan: Plan
  readonly spec: Spec
  /** `s0-azure-queue-orders`, as the HPA asks for it. */
  readonly metric: string
  readonly subscription: Subscription
  /** When the newest good sample arrived, and the one before it: what a gap is told by. */
  readonly at: number | undefined
  readonly previousAt: number | undefined
  readonly conclusion: Reading | EbbError | undefined
  facts(): TriggerFacts
  /** Takes over what is known of the stores from a plan that is the same otherwise. */
  note(notes: Plan['notes']): void
  /** What an HPA is given: the reading of a sample that is young enough. Fails with an EbbError. */
  read(): Promise<{ readonly value: number; readonly at: number }>
  close(): void
}

export interface TriggerHooks {
  /** A new sample was concluded from. */
  changed(trigger: Trigger, sample: Sample<unknown>): void
  /** The source refused the credentials: read them again. */
  denied(plan: Plan, signal: AbortSignal): Promise<void>
}

/** How long a read of the HPA may wait for an answer (ms). */
const patience = 1_000

/** Subscribes one metric. `heir` is the trigger it replaces: what that one knew stays known until the first own sample. */
export function openTrigger(
  plan: Plan,
  spec: Spec,
  period: number,
  engine: Engine,
  hooks: TriggerHooks,
  heir: Trigger | undefined,
): Trigger {
  const { scaler, m } = plan
  const metric = metricName(plan.index, spec.name)
  const known = heir?.facts()
  let value = known?.value
  let { notes } = plan

  const accept = (sample: Sample<unknown>): void => {
    const concluded = conclude(scaler, m, spec, metric, sample)
    // why it was not asked says less than what went wrong when it was, or when its neighbour was: the same words for all of them
    // write no status when a probe asks for another of them
    const paused = isFailure(concluded, 'SOURCE_PAUSED')
    if (paused && trigger.conclusion instanceof EbbError) return
    trigger.conclusion = paused && concluded.cause instanceof EbbError ? concluded.cause : concluded
    if (concluded instanceof EbbError) return
    value = concluded.value
    trigger.previousAt = trigger.at
    trigger.at = sample.at
  }

  const { lacking, standIn } = plan.announced

  const subscription = standIn
    ? unasked(period, lacking)
    : engine.subscribe({
        scaler,
        m,
        query: scaler.query(m, spec),
        period,
        cached: plan.trigger.useCachedMetrics === true,
        within: plan.within,
        onSample: accept,
        onAnswered: (sample) => hooks.changed(trigger, sample),
        onDenied: (signal) => hooks.denied(plan, signal),
      })

  const trigger: Open<Trigger> = {
    plan,
    spec,
    metric,
    subscription,
    at: known?.at,
    previousAt: heir?.previousAt,
    conclusion: standIn ? lacking : heir?.conclusion,
    note(more) {
      notes = more
    },
    facts: () => ({
      metric,
      type: scaler.type,
      state: stateOf(trigger.conclusion),
      value,
      target: spec.target,
      at: trigger.at,
      error: trigger.conclusion instanceof EbbError ? said(trigger.conclusion, notes) : undefined,
    }),
    async read() {
      const sample = await subscription.read(patience)
      const reading = conclude(scaler, m, spec, metric, sample)
      if (reading instanceof EbbError) throw reading
      return { value: reading.value, at: sample.at }
    },
    close: () => subscription.close(),
  }
  // somebody else may ask the same already
  const latest = subscription.latest()
  if (latest) accept(latest)
  return trigger
}

/** A refusal of credentials is explained by what could not be had, or not be had anew. */
const said = (error: EbbError, notes: Plan['notes']): string =>
  error.code === 'SOURCE_DENIED' && notes.length > 0
    ? `${error.message}; moreover: ${notes.join('; ')}`
    : error.message

function stateOf(conclusion: Reading | EbbError | undefined): TriggerFacts['state'] {
  if (conclusion === undefined) return 'unread'
  if (conclusion instanceof EbbError) return 'failing'
  return conclusion.active ? 'active' : 'idle'
}

/** A sample made a reading. What is not finite is no measurement, whatever a scaler makes of it. */
export function conclude(
  scaler: AnyScaler,
  m: Readonly<Record<string, unknown>>,
  spec: Spec,
  metric: string,
  { answer, before }: Sample<unknown>,
): Reading | EbbError {
  if (answer.kind === 'error') return answer.error
  const missing = (): Reading | EbbError =>
    scaler.missing?.(m) ?? failure('SAMPLE_EMPTY', { what: metric })
  if (answer.kind === 'empty') return missing()
  const reading: Reading | EbbError = scaler.conclude(answer.value, m, before, spec)
  if (reading instanceof EbbError) return reading
  if (!Number.isFinite(reading.value)) return missing()
  return reading.value < tooLarge
    ? reading
    : failure('SAMPLE_TOO_LARGE', { what: metric, value: reading.value })
}

/** An HPA counts in thousandths, in 64 bits: from here on it would compute with whatever is left of the number. */
const tooLarge = 2 ** 63 / 1000

/** Whether two plans ask the same of the same source, so that the subscription can stay. */
export const samePlan = (a: Plan, b: Plan): boolean =>
  a.scaler === b.scaler &&
  a.trigger.useCachedMetrics === b.trigger.useCachedMetrics &&
  a.trigger.name === b.trigger.name &&
  a.trigger.metricType === b.trigger.metricType &&
  a.announced.standIn === b.announced.standIn &&
  same(a.m, b.m) &&
  same(a.specs, b.specs) &&
  a.within?.endpoints.text === b.within?.endpoints.text
