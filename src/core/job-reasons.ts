import {
  demandOfJobs,
  failingJobs,
  unreadJobs,
  type JobBecause,
  type JobDecision,
  type JobSituation,
} from './decide-jobs.ts'
import { list, plural } from './words.ts'

interface JobReasonRow {
  /** Whether the word comes with new Jobs. */
  readonly scales: boolean
  /** When it is given and what follows, for the generated page. */
  readonly doc: string
  /** One sentence about this very case. Holds numbers, so it must not be written to a condition. */
  say(s: JobSituation, to: number): string
}

/** The closed table of every word a decision of a ScaledJob is explained by; the counterpart of `reasons`. */
export const jobReasons: Readonly<Record<JobBecause, JobReasonRow>> = {
  queued: {
    scales: true,
    doc: 'Work waits, and the strategy and maxReplicaCount leave room for more Jobs.',
    say: (s, to) => `${created(s, to)} because ${demand(s)}, and ${there(s)}`,
  },
  'below-min': {
    scales: true,
    doc: 'Fewer Jobs run than minReplicaCount; as many as are missing are created, whatever the triggers say.',
    say: (s, to) => `${created(s, to)} because minReplicaCount is ${s.min} and ${there(s)}`,
  },
  paused: {
    scales: false,
    doc: 'The pause annotation forbids new Jobs; those that run are left alone.',
    say: (s) => `paused by annotation; ${there(s)}`,
  },
  'warming-up': {
    scales: false,
    doc: 'After a start, a change or a gap: no Job is created before every trigger has been asked.',
    say: (s) => `no Job is created until ${unread(s)} read`,
  },
  'awaiting-poll': {
    scales: false,
    doc: 'Jobs were created on what the triggers said last; more are created only on what they say after that.',
    say: (s) =>
      `Jobs were just created; the next decision is made on the next poll, and ${there(s)}`,
  },
  'awaiting-list': {
    scales: false,
    doc: 'Jobs are wanted, but none is created before the Jobs that exist have been listed anew: after a start, and while they cannot be followed.',
    say: () => 'no Job is created until those that exist have been listed',
  },
  'failing-blind': {
    scales: false,
    doc: 'Triggers cannot be read, and what the others say asks for no Job; with the calculations min and avg it says nothing.',
    say: (s) => `no Job is created because ${failures(s)}; ${there(s)}`,
  },
  quiet: {
    scales: false,
    doc: 'No work waits.',
    say: (s) => `no work waits; ${there(s)}`,
  },
  enough: {
    scales: false,
    doc: 'Work waits, but as many Jobs as the strategy and maxReplicaCount allow for it are there.',
    say: (s) => `${demand(s)}, and ${there(s)}: enough by the ${s.strategy.kind} strategy`,
  },
}

/** One sentence that says why the decision came out as it did. */
export const explainJobs = (s: JobSituation, d: JobDecision): string =>
  jobReasons[d.because].say(s, 'scaleTo' in d ? d.scaleTo : s.replicas)

const created = (s: JobSituation, to: number): string => `${plural(to - s.replicas, 'Job')} created`

const there = (s: JobSituation): string =>
  `${plural(s.replicas, 'Job')} ${s.replicas === 1 ? 'runs' : 'run'} (max ${s.max}${waiting(s)})`

const waiting = (s: JobSituation): string =>
  s.strategy.kind === 'accurate' || s.strategy.kind === 'eager' ? `, ${s.pending} pending` : ''

const demand = (s: JobSituation): string => {
  const { queue } = demandOfJobs(s)
  return `${plural(queue, 'message')} ${queue === 1 ? 'waits' : 'wait'}`
}

const failures = (s: JobSituation): string =>
  list(failingJobs(s).map((t) => `${t.metric} cannot be read (${t.error ?? 'no reason given'})`))

function unread(s: JobSituation): string {
  const names = unreadJobs(s).map((t) => t.metric)
  return `${list(names)} ${names.length === 1 ? 'is' : 'are'}`
}
