import {
  coolAt,
  failing,
  isActive,
  isFresh,
  type Because,
  type Decision,
  type Situation,
  type TriggerFacts,
} from './decide.ts'
import { countable } from './direct.ts'
import type { JobBecause, JobDecision, JobSituation } from './decide-jobs.ts'
import { explainJobs, jobReasons } from './job-reasons.ts'
import { nameOf } from './foreign.ts'
import { isResourceTrigger } from './names.ts'
import { duration, list, plural } from './words.ts'

interface Reason {
  /** Whether the word comes with a new replica count. */
  readonly scales: boolean
  /** When it is given and what follows, for the generated page. */
  readonly doc: string
  /** One sentence about this very case. Holds numbers and ages, so it must not be written to a condition. */
  say(s: Situation, to: number, until: number | undefined): string
}

/**
 * The closed table of every word a decision is explained by. Log, event, `ebb explain` and page show these sentences,
 * the ledger and the metrics these words; docs/reasons.md is generated from it.
 */
export const reasons: Readonly<Record<Because, Reason>> = {
  triggered: {
    scales: true,
    doc: 'A trigger became active while the workload slept; it is woken to max(minReplicaCount, 1), and the HPA takes over.',
    say: (s, to) => `${change(s, to)} because ${activity(s)}`,
  },
  forced: {
    scales: true,
    doc: 'The force-activation annotation wakes the workload whatever its triggers say.',
    say: (s, to) => `${change(s, to)} because the force-activation annotation asks for it`,
  },
  quiet: {
    scales: true,
    doc: 'Every trigger has been inactive for longer than the cooldown; the workload goes to idleReplicaCount, or to 0.',
    say: (s, to) => `${change(s, to)} because ${silence(s)}`,
  },
  'below-min': {
    scales: true,
    doc: 'The target had fewer replicas than minReplicaCount and is brought back to it, whatever its triggers say.',
    say: (s, to) => `${change(s, to)} because minReplicaCount is ${s.min}`,
  },
  'above-max': {
    scales: true,
    doc: 'Without an HPA: the target had more replicas than maxReplicaCount and is brought back to it, whatever its triggers say.',
    say: (s, to) => `${change(s, to)} because maxReplicaCount is ${s.max}`,
  },
  paused: {
    scales: false,
    doc: 'A pause annotation forbids the change.',
    say: (s) => `paused by annotation (${pauses[s.paused]}); ${kept(s)}`,
  },
  contested: {
    scales: false,
    doc: 'Without an HPA: somebody else keeps writing the replicas, and Ebb leaves them to him. It goes on once nobody else has written for five minutes (each time it comes back within an hour twice as long, an hour at most), or at once when spec or annotations change.',
    say: (s, _, until) =>
      `${kept(s)} ${wait(s, until)}because ${s.contested === undefined ? 'somebody else' : nameOf(s.contested)} keeps writing them`,
  },
  held: {
    scales: false,
    doc: 'Ebb runs with --hold, which forbids every scale-in.',
    say: (s) => `scale-in is held everywhere by --hold; ${kept(s)}`,
  },
  'hpa-in-charge': {
    scales: false,
    doc: 'The workload is awake and wanted; between 1 and maxReplicaCount its HPA decides.',
    say: (s) =>
      `the HPA decides from here because ${s.forced ? 'activation is forced' : activity(s)}`,
  },
  'partly-failing': {
    scales: false,
    doc: 'The workload is awake and wanted, but some triggers cannot be read; the HPA decides on the others and scales in on none.',
    say: (s) =>
      `${s.direct === undefined ? 'the HPA decides' : 'Ebb decides'} on what can be read; ${failures(s)}`,
  },
  'failing-blind': {
    scales: false,
    doc: 'A trigger cannot be read, none is active and the spec has no fallback: nothing is lowered until it can be read.',
    say: (s) => `${kept(s)} because ${failures(s)}`,
  },
  'awaiting-fallback': {
    scales: false,
    doc: 'A trigger cannot be read, but has not failed often enough for the fallback to take over; until then nothing is lowered.',
    say: (s) =>
      `${kept(s)} until the fallback (${plural(s.fallbackReplicas ?? 0, 'replica')}) takes over because ${failures(s)}`,
  },
  'warming-up': {
    scales: false,
    doc: 'After a start or a gap: nothing is lowered before every trigger has been read anew, and nothing wakes for what was said before it.',
    say: (s) => `${kept(s)} until ${unread(s)} read anew`,
  },
  'cooling-down': {
    scales: false,
    doc: 'No trigger is active, but the cooldown since the last activity (or the initial one since creation) is not over.',
    say: (s) => `${kept(s)} for another ${duration(coolAt(s) - s.now)}: ${silence(s)}`,
  },
  'demand-rose': {
    scales: true,
    doc: 'Without an HPA: the triggers ask for more replicas, by the algorithm of the HPA, and policies and pauses allow it.',
    say: (s, to) =>
      isMeasured(s)
        ? `${change(s, to)} because the triggers ask for more (${readings(s)})`
        : `${change(s, to)} because ${activity(s)}`,
  },
  'demand-fell': {
    scales: true,
    doc: 'Without an HPA: the triggers ask for fewer replicas, and have for as long as the stabilization window.',
    say: (s, to) => `${change(s, to)} because the triggers ask for no more (${readings(s)})`,
  },
  'on-target': {
    scales: false,
    doc: 'Without an HPA: as many replicas as the triggers ask for, or as few or many as there may be.',
    say: (s) => `${kept(s)}: that is what the triggers ask for (${readings(s)})`,
  },
  stabilizing: {
    scales: false,
    doc: 'Without an HPA: other counts were asked for inside the stabilization window, and it is waited for.',
    say: (s, _, until) =>
      `${kept(s)} ${wait(s, until)}until the stabilization window is over (${readings(s)})`,
  },
  'rate-limited': {
    scales: false,
    doc: 'Without an HPA: a scaling policy allows no further step yet.',
    say: (s, _, until) =>
      `${kept(s)} ${wait(s, until)}until the scaling policies allow the next step (${readings(s)})`,
  },
  unmeasured: {
    scales: false,
    doc: 'Without an HPA: what is known asks for no more replicas, and something is not known yet, as cpu of pods that have just started; until it is, nothing is lowered.',
    say: (s) => `${kept(s)}: nothing asks for more (${readings(s)}), and ${unmeasured(s)}`,
  },
  settled: {
    scales: false,
    doc: 'No trigger is active and the workload rests where it should; between minReplicaCount and maxReplicaCount its HPA decides.',
    say: (s) =>
      s.idle === undefined && s.min > 0 && s.direct === undefined
        ? `no trigger is active; between ${s.min} and ${plural(s.max, 'replica')} the HPA decides`
        : `no trigger is active and it rests at ${plural(s.replicas, 'replica')}`,
  },
}

/** One sentence that says why the decision came out as it did. A situation and the decision made on it go together. */
export function explain(s: Situation | JobSituation, d: Decision | JobDecision): string {
  // each kind of situation is decided in its own words
  if ('pending' in s) return explainJobs(s, d as JobDecision)
  const own = d as Decision
  return 'scaleTo' in own
    ? reasons[own.because].say(s, own.scaleTo, undefined)
    : reasons[own.because].say(s, s.replicas, own.until)
}

interface ReasonRow {
  readonly because: Because | JobBecause
  readonly scales: boolean
  readonly doc: string
}

/** The rows of the generated page docs/reasons.md, in the order of the tables. */
export const reasonRows = (): readonly ReasonRow[] =>
  (Object.keys(reasons) as Because[]) // the table's type says that its keys are these words
    .map((because) => ({ because, scales: reasons[because].scales, doc: reasons[because].doc }))

/** The same of ScaledJobs. */
export const jobReasonRows = (): readonly ReasonRow[] =>
  (Object.keys(jobReasons) as JobBecause[]) // as above
    .map((because) => ({
      because,
      scales: jobReasons[because].scales,
      doc: jobReasons[because].doc,
    }))

const pauses = { no: 'not at all', in: 'scale-in', out: 'scale-out', both: 'all scaling' } as const

const change = (s: Situation, to: number): string =>
  `from ${s.replicas} to ${plural(to, 'replica')}`
const wait = (s: Situation, until: number | undefined): string =>
  until === undefined ? '' : `for another ${duration(until - s.now)} `
const kept = (s: Situation): string =>
  `${plural(s.replicas, 'replica')} ${s.replicas === 1 ? 'stays' : 'stay'}`

function activity(s: Situation): string {
  const active = [...(s.composite === undefined ? s.triggers : [s.composite])].filter((t) =>
    isActive(t, s),
  )
  if (active.length === 0) return 'cpu and memory are all it is scaled on'
  return list(
    active.map((t) => (t.state === 'fallback' ? `${t.metric} is in fallback` : reading(t))),
  )
}

const reading = (t: TriggerFacts): string =>
  t.value === undefined
    ? `${t.metric} is active`
    : `${t.metric} is active (${t.value}, target ${t.target} per replica)`

const readings = (s: Situation): string =>
  list(
    [...(s.composite === undefined ? [] : [s.composite]), ...s.triggers]
      .filter((t) => s.composite === undefined || t === s.composite || isResourceTrigger(t.type))
      .map(
        (t) =>
          `${t.metric} is ${t.value ?? 'unknown'}, target ${t.target}${isResourceTrigger(t.type) ? '' : ' per replica'}`,
      ),
  )

/** Whether Ebb itself scales on cpu or memory. */
const isMeasured = ({ direct }: Situation): boolean =>
  direct?.readings.some(({ target }) => target.type === 'Usage') ?? false

const unmeasured = ({ direct }: Situation): string =>
  list(
    (direct ? countable(direct) : []).flatMap(({ name, read }) =>
      read.kind === 'missing' ? [`${name} is not known (${read.message})`] : [],
    ),
  )

const silence = (s: Situation): string =>
  s.lastActive === undefined
    ? `no trigger was active since it was created ${duration(s.now - s.created)} ago`
    : `no trigger was active for ${duration(s.now - s.lastActive)}`

const failures = (s: Situation): string =>
  list(failing(s).map((t) => `${t.metric} cannot be read (${t.error ?? 'no reason given'})`))

function unread(s: Situation): string {
  const stale = s.triggers.filter((t) => !isFresh(t, s.freshSince)).map((t) => t.metric)
  if (stale.length === 0) return 'its triggers are'
  return `${list(stale)} ${stale.length === 1 ? 'is' : 'are'}`
}
