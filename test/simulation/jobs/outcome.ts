import type { EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { parseTime } from '../../../src/clock.ts'
import { kinds } from '../../../src/kinds.ts'
import type { ScaledJob } from '../../../src/resources.ts'
import { periodOf } from '../facts.ts'
import { parametersOf } from '../scenario.ts'
import { endOf, jobsOf, type Counted } from './crowd.ts'
import { askedFor, boundsOf, isJobPaused, mayCreate, rollsOut } from './rules.ts'
import type { Work } from './work.ts'

const signal = new AbortController().signal
/** What has ended only now may not have been seen yet (ms). */
const passing = 5_000

/** What of ScaledJobs is not as it must be once nothing has gone wrong for long. */
export async function jobProblems(
  cluster: EmbeddedCluster,
  work: Work,
  now: number,
  movedAt: (scaledJob: string) => number | undefined,
): Promise<readonly string[]> {
  const { items } = await cluster.list(kinds.scaledJob, {}, signal)
  const found = await Promise.all(
    items.map(async (object) => {
      const { name } = object.metadata
      const there = await jobsOf(cluster, name)
      const problems = isJobPaused(object)
        ? []
        : [
            ...countProblems(object, there, work, now, movedAt(name) ?? 0),
            ...historyProblems(
              object,
              there.filter(({ job }) => now - (endedAt(job) ?? 0) > passing),
            ),
            ...statusProblems(object, work, now),
          ]
      if (object.metadata.deletionTimestamp !== undefined) problems.push('is not gone')
      return problems.map((what) => `comes right: ${name} ${what}; ${JSON.stringify(object)}`)
    }),
  )
  return found.flat()
}

/** Work that waits has Jobs, or had one just now; and as many run as must at least. */
function countProblems(
  object: ScaledJob,
  there: readonly Counted[],
  work: Work,
  now: number,
  movedAt: number,
): readonly string[] {
  const running = there.filter(({ job }) => endOf(job) === undefined)
  const lately = now - movedAt < 3 * periodOf(object)
  // one that has ended may be replaced with the next poll
  const ended = there.some(({ job }) => now - (endedAt(job) ?? 0) < 2 * periodOf(object))
  const { min } = boundsOf(object)
  if (running.length < min && !lately && !ended) return [`has ${running.length} Jobs, of ${min}`]
  const answers = object.spec.triggers.map((trigger) => {
    const value = work.length(parametersOf(trigger).queue) ?? 0
    return { at: now, told: { kind: 'value', value } as const }
  })
  const asked = askedFor(object, answers, 'least')
  if (typeof asked === 'string' || lately || ended) return []
  const conditions = object.spec.scalingStrategy?.pendingPodConditions ?? []
  const pending = running.filter(({ works }) => !works(conditions)).length
  const may = mayCreate(object, asked, { running: running.length, pending })
  return may > 0 ? [`has ${running.length} Jobs, and ${may} more are asked for`] : []
}

const endedAt = ({ status }: Counted['job']): number | undefined =>
  parseTime(status?.completionTime) ??
  parseTime(status?.conditions?.find(({ status: is }) => is === 'True')?.lastTransitionTime)

function historyProblems(object: ScaledJob, there: readonly Counted[]): readonly string[] {
  const { generation = 0 } = object.metadata
  const { successfulJobsHistoryLimit: good = 100, failedJobsHistoryLimit: bad = 100 } = object.spec
  const count = (end: string): number => there.filter(({ job }) => endOf(job) === end).length
  const problems: string[] = []
  if (count('Complete') > good) problems.push(`keeps ${count('Complete')} complete Jobs`)
  if (count('Failed') > bad) problems.push(`keeps ${count('Failed')} failed Jobs`)
  const old = there.filter(
    ({ job }) => Number(job.metadata.annotations?.['scaledjob.keda.sh/generation']) < generation,
  )
  if (rollsOut(object) && old.length > 0) problems.push(`keeps ${old.length} Jobs of before`)
  return problems
}

function statusProblems(object: ScaledJob, work: Work, now: number): readonly string[] {
  const active =
    boundsOf(object).min > 0 ||
    object.spec.triggers.some((trigger) => {
      const { queue, activation } = parametersOf(trigger)
      // what a Job has taken since the last poll is not known yet
      const unseen = now - work.movedAt(queue) < periodOf(object) + passing
      return unseen || (work.length(queue) ?? 0) > activation
    })
  const wanted = { Ready: 'True', ...(!active && { Active: 'False' }) }
  return Object.entries(wanted).flatMap(([type, status]) => {
    const found = object.status?.conditions?.find((c) => c.type === type)?.status
    return found === status ? [] : [`is ${type}=${found}, not ${status}`]
  })
}
