import type { Defect } from '../defects.ts'

const ignorance = 'never down on ignorance'
const doubled = 'no Job is doubled'
const bounded = 'bounded result'
const never = 'no running Job is deleted'
const make = 'src/control/jobs/make.ts'
const book = 'src/control/jobs/book.ts'
const decide = 'src/core/decide-jobs.ts'
const jobs = 'src/core/jobs.ts'

/** What breaks a promise about Jobs. */
export const jobDefects: readonly Defect[] = [
  {
    name: 'double a Job',
    file: make,
    find: 'while (made < count && skipped',
    replace: 'while (made < count + 1 && skipped',
    breaks: bounded,
    quick: true,
  },
  {
    name: 'make a Job under a new name when its answer was lost',
    file: make,
    find: 'if (job.owner === uid) return job',
    replace: 'if (job.owner === uid) book.skip(number)',
    breaks: bounded,
  },
  {
    name: 'forget what was created until the mirror shows it',
    file: book,
    find: 'for (const [key, { job }] of ahead) all.set(key, job)',
    replace: 'if (ahead.size < 0) return all.values()',
    breaks: doubled,
  },
  {
    name: 'create more Jobs than max',
    file: jobs,
    find: ': { min, extra: max - min }',
    replace: ': { min, extra: max + 1 - min }',
    breaks: bounded,
  },
  {
    name: 'take pending Jobs for none',
    file: 'src/core/job-list.ts',
    find: 'return { running: running.length, pending: pending.length }',
    replace: 'return { running: running.length, pending: pending.length * 0 }',
    breaks: doubled,
  },
  {
    name: 'add up the triggers of a ScaledJob whatever is asked for',
    file: jobs,
    find: "text === 'min' || text === 'avg' || text === 'sum' ? text : 'max'",
    replace: "text === 'nothing' ? 'max' : 'sum'",
    breaks: doubled,
  },
  {
    name: 'create Jobs before every trigger was read',
    file: decide,
    find: `if (s.triggers.some((t) => t.state === 'unread')) return stay('warming-up')`,
    replace: '',
    breaks: ignorance,
  },
  {
    name: 'create Jobs though the calculation needs a trigger that fails',
    file: decide,
    find: '(blind > 0 && needsAll(s))',
    replace: '(blind < 0 && needsAll(s))',
    breaks: ignorance,
  },
  {
    name: 'create Jobs while paused',
    file: 'src/core/pause.ts',
    find: `isSet(annotations, 'paused')\n\nconst countOf`,
    replace: `isSet(annotations, 'never')\n\nconst countOf`,
    breaks: bounded,
  },
  {
    name: 'delete a running Job',
    file: 'src/core/job-list.ts',
    find: 'jobs.filter((job) => job.finished === kind).toSorted(byEnd)',
    replace: `jobs.filter((job) => (job.finished ?? 'Complete') === kind).toSorted(byEnd)`,
    breaks: never,
  },
  {
    name: 'roll out where the user asked to keep Jobs',
    file: 'src/core/job-list.ts',
    find: `strategy === 'gradual' ? 'gradual' : 'immediate'`,
    replace: `strategy === 'nothing' ? 'gradual' : 'immediate'`,
    breaks: never,
  },
  {
    name: 'keep every Job that has ended',
    file: 'src/control/jobs/tidy.ts',
    find: 'for (const job of found.expired) await remove(job, false)',
    replace: '',
    breaks: 'comes right',
    quick: true,
  },
  {
    name: 'give up the deletion of a Job after a conflict',
    file: 'src/control/jobs/tidy.ts',
    find: 'doubtful = true',
    replace: 'deleted.add(uid)',
    breaks: 'comes right',
  },
]
