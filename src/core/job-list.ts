/** One Job of a ScaledJob. */
export interface JobFacts {
  readonly name: string
  /** By its condition Complete or Failed. */
  readonly finished: 'Complete' | 'Failed' | undefined
  /** When: status.completionTime, of a failed one the transition of its condition (epoch ms). */
  readonly finishedAt: number | undefined
  /** The annotation scaledjob.keda.sh/generation. */
  readonly generation: string | undefined
  readonly pods: readonly JobPod[]
}

/** One pod of a Job. */
export interface JobPod {
  readonly phase: string
  /** Types of its conditions that are True. */
  readonly conditions: readonly string[]
}

interface Condition {
  readonly type: string
  readonly status: string
}

/** Whether a Job's conditions say that it has ended, and how. */
export function finishedOf(
  conditions: readonly Condition[] | undefined,
): 'Complete' | 'Failed' | undefined {
  for (const { type, status } of conditions ?? [])
    if (status === 'True' && (type === 'Complete' || type === 'Failed')) return type
  return undefined
}

/** How many Jobs have not ended, and how many of those count as pending (5.4). */
export function countJobs(
  jobs: readonly JobFacts[],
  pendingPodConditions: readonly string[],
): { readonly running: number; readonly pending: number } {
  const running = jobs.filter((job) => job.finished === undefined)
  const pending = running.filter((job) => isPending(job, pendingPodConditions))
  return { running: running.length, pending: pending.length }
}

/** Until a pod runs or has succeeded; where conditions are listed, until one pod has all of them. */
const isPending = ({ pods }: JobFacts, conditions: readonly string[]): boolean =>
  !pods.some(({ phase, conditions: has }) =>
    conditions.length === 0
      ? phase === 'Running' || phase === 'Succeeded'
      : conditions.every((type) => has.includes(type)),
  )

/** How many ended Jobs of each kind are kept; KEDA's defaults. */
export const defaultHistory = { Complete: 100, Failed: 100 } as const

/** The ended Jobs beyond the limits, those that ended first (5.6). KEDA takes failed ones in the order of the list. */
export const expired = <J extends Omit<JobFacts, 'pods'>>(
  jobs: readonly J[],
  limits: { readonly Complete: number; readonly Failed: number },
): readonly J[] =>
  (['Complete', 'Failed'] as const).flatMap((kind) => {
    const ended = jobs.filter((job) => job.finished === kind).toSorted(byEnd)
    return ended.slice(0, Math.max(0, ended.length - limits[kind]))
  })

type End = Pick<JobFacts, 'name' | 'finishedAt'>

const byEnd = (a: End, b: End): number =>
  endOf(a) - endOf(b) || (numberIn(a.name) ?? 0) - (numberIn(b.name) ?? 0)

/** One whose end is unknown is taken for the newest. */
const endOf = ({ finishedAt }: End): number => finishedAt ?? Number.MAX_VALUE

/** The rollout of a ScaledJob's spec (5.5): whether Jobs of an older generation go, and how what is theirs goes. */
export function rolloutOf(spec: {
  readonly rolloutStrategy?: string | undefined
  readonly rollout?:
    | {
        readonly strategy?: string | undefined
        readonly propagationPolicy?: string | undefined
      }
    | undefined
}): {
  readonly strategy: 'gradual' | 'immediate'
  readonly propagation: 'Foreground' | 'Background'
} {
  const strategy = spec.rolloutStrategy || spec.rollout?.strategy
  return {
    strategy: strategy === 'gradual' ? 'gradual' : 'immediate',
    propagation: spec.rollout?.propagationPolicy === 'foreground' ? 'Foreground' : 'Background',
  }
}

/**
 * The Jobs of older generations than the current one, or of none, ended ones among them: what an immediate rollout deletes.
 * KEDA takes newer ones too; but whoever sees a newer one looks at an old version of the ScaledJob.
 */
export const outdated = <J extends Pick<JobFacts, 'generation'>>(
  jobs: readonly J[],
  generation: number,
): readonly J[] => jobs.filter((job) => !(Number(job.generation || Number.NaN) >= generation))

const longestStem = 52

/**
 * What the names of a ScaledJob's Jobs begin with: its own name. One of more than 52 characters is cut and gets a digest
 * of the whole, so that the Jobs of two that begin alike never meet; with the number no name exceeds 63 characters.
 */
export function jobStem(scaledJob: string): string {
  if (scaledJob.length <= longestStem) return scaledJob
  const digest = fnv1a(scaledJob).toString(36).padStart(7, '0')
  const cut = scaledJob.slice(0, longestStem - digest.length - 1).replace(/[^a-z0-9]+$/, '')
  return `${cut}-${digest}`
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash
}

/** The highest number among the names of these Jobs, 0 where there is none. Others' names do not count. */
export function highestNumber(scaledJob: string, names: readonly string[]): number {
  const stem = `${jobStem(scaledJob)}-`
  return names.reduce(
    (highest, name) =>
      name.startsWith(stem) && numbered.test(name.slice(stem.length))
        ? Math.max(highest, Number(name.slice(stem.length)))
        : highest,
    0,
  )
}

/**
 * Where numbers go on after a start that finds no Job (ms): history limits and TTLs may have taken all that were made before, and
 * what is kept of their logs and metrics goes by names. Nobody makes a Job a second for all of a ScaledJob's life, so that
 * its age in seconds is above all numbers there were. 0 where none was made.
 */
export const numberAfterNone = (
  { madeBefore, created }: { readonly madeBefore: boolean; readonly created: number },
  now: number,
): number =>
  madeBefore ? Math.max(0, Math.min(mostNumber, Math.floor((now - created) / 1_000))) : 0

/** Far below what `numbered` takes. */
const mostNumber = 8_000_000_000

const numbered = /^[1-9]\d{0,9}$/

const numberIn = (name: string): number | undefined => {
  const digits = /-([1-9]\d{0,9})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * The names of the next Jobs, numbered from one above the highest ever seen: by this process, and after a start on a
 * fresh list. So a creation that is tried again, not knowing whether it had worked, cannot make a second Job.
 */
export const nextNames = (scaledJob: string, highest: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${jobStem(scaledJob)}-${highest + 1 + i}`)
