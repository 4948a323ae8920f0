import type { WorkloadView } from '../../../src/control/insight.ts'
import type { EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import type { Job, Resource, ScaledJob, TriggerSpec } from '../../../src/resources.ts'
import { createVersions, type Heard, type Versions } from '../knowledge.ts'
import type { Call, Done } from '../network.ts'
import { periodOf } from '../facts.ts'
import { parametersOf } from '../scenario.ts'
import type { Told } from '../sources.ts'
import type { World } from '../time.ts'
import {
  askedFor,
  boundsOf,
  isBounded,
  isJobPaused,
  mayCreate,
  rollsOut,
  type Crowd,
} from './rules.ts'
import { endOf, jobsOf, type Counted } from './crowd.ts'
import { jobLabel, type Work } from './work.ts'

export interface JobSurroundings {
  readonly world: World
  readonly cluster: EmbeddedCluster
  readonly work: Work
  readonly violate: (promise: string, what: string) => void
  /** Something is wrong with the API server or a process, or was not long ago. */
  readonly troubled: () => boolean
}

/** What is followed of one process, beside what is followed for ScaledObjects. */
export interface JobFollowing {
  /** Its loops run, and have been told nothing so far. */
  runs(): void
  heard(query: string, told: Told): void
  saw(object: Resource): void
  issued(call: Call, wanted: unknown): void
  wrote(call: Call, done: Done): void
  audit(views: readonly WorkloadView[]): void
}

export interface JobChecker {
  follow(id: string): JobFollowing
  /** Whether this write is no sign of unrest: there is work, and Jobs come and go. */
  excuses(call: Call): boolean
  /** When a Job of this ScaledJob was last made, or had ended and was deleted (ms); undefined where none was. */
  readonly movedAt: (scaledJob: string) => number | undefined
}

/** What the answers that a process had at one time say, and how many Jobs had been created until then, by anybody. */
interface View {
  readonly at: number
  readonly uid: string
  readonly answers: readonly (Heard | undefined)[]
  readonly made: number
}

/** The Jobs of one ScaledJob, by whomever they are made. */
interface Making {
  made: number
  /** How many Jobs there were when the one of this number was made. */
  readonly crowds: Map<number, Crowd>
  movedAt: number
}

interface Made {
  readonly name: string
  readonly uid: string | undefined
  readonly at: number
}

const ignorance = 'never down on ignorance'
const doubled = 'no Job is doubled'
const bounded = 'bounded result'
const never = 'no running Job is deleted'

/** An answer may take so long, and polls share wake-ups (ms). */
const late = 4_000
/** Creations that follow one another may take so long while the API server is slow (ms). */
const slowBatch = 90_000
const keptViews = 24
/** What follows from the last change of the work has happened after this (ms). */
const settled = 690_000
const recorded = 5_000

/** Checks the promises that concern Jobs against the truth: which there are at the server, and what each process was told. */
export function createJobChecker(around: JobSurroundings): JobChecker {
  const { world, cluster, work, violate, troubled } = around
  const makings = new Map<string, Making>()
  const objects = new Map<string, ScaledJob>()

  const makingOf = (name: string): Making => {
    const known = makings.get(name) ?? { made: 0, crowds: new Map(), movedAt: world.now() }
    makings.set(name, known)
    return known
  }

  function follow(id: string): JobFollowing {
    const newest = new Map<string, Heard>()
    const versions = new Map<string, Versions<ScaledJob>>()
    const views = new Map<string, View[]>()
    const counts = new Map<string, Promise<readonly Counted[]>>()
    const unaudited: Made[] = []

    const look = (name: string): void => {
      const object = versions.get(name)?.newest
      if (!object) return
      const own = views.get(name) ?? []
      views.set(name, own)
      const answers = object.spec.triggers.map((t) => newest.get(parametersOf(t).query))
      const { uid = '' } = object.metadata
      own.push({ at: world.now(), uid, answers, made: makingOf(name).made })
      if (own.length > keptViews) own.shift()
    }

    const mayActOn = (name: string): readonly ScaledJob[] =>
      versions.get(name)?.within(world.now(), troubled() ? 180_000 : 5_000) ?? []

    /** Why none of what the process may have acted on allows one more Job; undefined where something does. */
    const whyNotMade = (
      name: string,
      there: readonly Counted[],
    ): readonly [string, string] | undefined => {
      const running = there.filter(({ job }) => endOf(job) === undefined).length
      let why: readonly [string, string] = [bounded, 'it knows no such ScaledJob']
      for (const object of mayActOn(name)) {
        const { min, extra } = boundsOf(object)
        if (isJobPaused(object)) why = [bounded, 'it is paused']
        else if (object.metadata.deletionTimestamp !== undefined)
          why = [bounded, 'it is being deleted']
        else if (running < min) return undefined
        else if (isBounded(object) && running >= min + extra)
          why = [bounded, `${running} run, of ${min + extra} at most`]
        else {
          const found = whyNotAsked(object, there)
          if (found === undefined) return undefined
          why = found
        }
      }
      return why
    }

    const whyNotAsked = (
      object: ScaledJob,
      there: readonly Counted[],
    ): readonly [string, string] | undefined => {
      const { name, uid } = object.metadata
      const making = makingOf(name)
      const oldest = 2 * periodOf(object) + late + (troubled() ? slowBatch : 0)
      let why: readonly [string, string] = [ignorance, 'it was told nothing, or too long ago']
      for (const view of views.get(name) ?? []) {
        if (view.uid !== uid || view.at < world.now() - oldest) continue
        const asks = readings(object, view.answers).map((answers) => askedFor(object, answers))
        const asked = Math.max(...asks.filter((ask) => typeof ask === 'number'))
        if (asked < 0) {
          why = [ignorance, String(asks[0])]
          continue
        }
        const conditions = object.spec.scalingStrategy?.pendingPodConditions ?? []
        const crowd = making.crowds.get(view.made) ?? crowdOf(there, conditions)
        const made = making.made - view.made + 1
        const may = mayCreate(object, asked, crowd)
        if (made <= may) return undefined
        why = [
          doubled,
          `${made} made since ${asked} were asked for, where ${crowd.running} ran and ${crowd.pending} waited: ${may} at most`,
        ]
      }
      return why
    }

    /** These answers as they may count: any of a source that failed last is perhaps not asked for now, and counts as failed. */
    const readings = (
      { spec }: ScaledJob,
      answers: readonly (Heard | undefined)[],
    ): readonly (readonly (Heard | undefined)[])[] => {
      const all = [...versions.values()].flatMap(({ newest: is }) => is?.spec.triggers ?? [])
      const failed = (of: TriggerSpec | undefined): boolean =>
        all.some(
          (t) =>
            t.type === of?.type &&
            parametersOf(t).source === parametersOf(of).source &&
            newest.get(parametersOf(t).query)?.told.kind === 'error',
        )
      let found: readonly (readonly (Heard | undefined)[])[] = [[]]
      for (const [index, heard] of answers.entries()) {
        const error: Heard | undefined = heard && { at: heard.at, told: { kind: 'error' } }
        const either = heard && failed(spec.triggers[index]) ? [heard, error] : [heard]
        found = found.flatMap((before) => either.map((one) => [...before, one]))
      }
      return found
    }

    const judgeMade = (name: string, job: string, there: readonly Counted[]): void => {
      const why = whyNotMade(name, there)
      const making = makingOf(name)
      const conditions =
        versions.get(name)?.newest?.spec.scalingStrategy?.pendingPodConditions ?? []
      making.crowds.set(making.made, crowdOf(there, conditions))
      making.crowds.delete(making.made - 200)
      making.made++
      making.movedAt = world.now()
      if (why) violate(why[0], `${id} created ${job} of ${name}: ${why[1]}`)
      const uid = versions.get(name)?.newest?.metadata.uid
      unaudited.push({ name, uid, at: world.now() })
    }

    const whyNotRemoved = (
      object: ScaledJob,
      job: Job,
      there: readonly Counted[],
    ): string | undefined => {
      const { uid, generation = 0 } = object.metadata
      const owner = job.metadata.ownerReferences?.find((o) => o.controller === true)?.uid
      if (owner !== uid) return 'it is not its own'
      const made = Number(job.metadata.annotations?.['scaledjob.keda.sh/generation'] ?? Number.NaN)
      if (rollsOut(object) && !(made >= generation)) return undefined
      const end = endOf(job)
      if (end === undefined) return `it runs, and is of version ${made} of ${generation}`
      const { successfulJobsHistoryLimit: good = 100, failedJobsHistoryLimit: bad = 100 } =
        object.spec
      const ended = there.filter((other) => endOf(other.job) === end).length
      const limit = end === 'Complete' ? good : bad
      return ended > limit ? undefined : `only ${ended} are ${end}, and ${limit} are kept`
    }

    const judgeRemoved = (ref: string, there: readonly Counted[]): void => {
      const found = there.find(({ job }) => job.metadata.name === ref)
      if (!found) return
      const name = found.job.metadata.labels?.[jobLabel] ?? ''
      makingOf(name).movedAt = world.now()
      const known = mayActOn(name)
      const why = known.map((object) => whyNotRemoved(object, found.job, there))
      if (!why.includes(undefined))
        violate(never, `${id} deleted ${ref}: ${why.at(-1) ?? 'it knows no such ScaledJob'}`)
    }

    return {
      runs() {
        newest.clear()
        views.clear()
      },
      heard(query, told) {
        newest.set(query, { at: world.now(), told })
        for (const name of versions.keys()) look(name)
      },
      saw(object) {
        if (object.kind !== kinds.scaledJob.kind) return
        const { name } = object.metadata
        const known = versions.get(name) ?? createVersions<ScaledJob>()
        versions.set(name, known)
        // the kind says what it is
        const scaledJob = object as ScaledJob
        known.add(world.now(), scaledJob)
        objects.set(name, scaledJob)
        makingOf(name)
        look(name)
      },
      issued({ verb, kind, name }, wanted) {
        if (kind !== kinds.job.kind || (verb !== 'create' && verb !== 'remove')) return
        const label = verb === 'create' ? labelOf(wanted) : undefined
        counts.set(`${verb} ${name}`, jobsOf(cluster, label))
      },
      wrote({ verb, kind, name }, { wanted, refused }) {
        const counted = counts.get(`${verb} ${name}`)
        if (kind !== kinds.job.kind || refused || !counted) return
        counts.delete(`${verb} ${name}`)
        void counted.then((there) =>
          verb === 'create' ? judgeMade(labelOf(wanted), name, there) : judgeRemoved(name, there),
        )
      },
      audit(all) {
        for (const made of unaudited.splice(0)) {
          const { uid, deletionTimestamp } = versions.get(made.name)?.newest?.metadata ?? {}
          // its records went with it
          if (troubled() || uid !== made.uid || deletionTimestamp !== undefined) continue
          if (world.now() - made.at < recorded) unaudited.push(made)
          else auditMade(made, all)
        }
      },
    }

    function auditMade({ name, at }: Made, all: readonly WorkloadView[]): void {
      const view = all.find((v) => v.kind === 'ScaledJob' && v.name === name)
      const shows = view?.records.some(
        ({ write, lastAt }) => write.kind === 'scaled' && Math.abs(lastAt - at) < 90_000,
      )
      if (view && view.records.length < 20 && shows !== true)
        violate('every change has a record', `${id} made a Job of ${name}`)
    }
  }

  const restless = (name: string): boolean => {
    const making = makings.get(name)
    const object = objects.get(name)
    if (!making || !object) return false
    const queues = object.spec.triggers.map((t) => parametersOf(t).queue)
    const moved = Math.max(making.movedAt, ...queues.map((queue) => work.movedAt(queue)))
    return world.now() - moved < settled
  }

  return {
    follow,
    movedAt: (name) => makings.get(name)?.movedAt,
    excuses: ({ kind, name }) =>
      kind === kinds.job.kind ||
      [...makings.keys()].some(
        (own) => (name === own || name.startsWith(`${own}.`)) && restless(own),
      ),
  }
}

const labelOf = (wanted: unknown): string =>
  // what is created as a Job has the form of one
  (wanted as Job).metadata.labels?.[jobLabel] ?? ''

const crowdOf = (there: readonly Counted[], conditions: readonly string[]): Crowd => {
  const running = there.filter(({ job }) => endOf(job) === undefined)
  return {
    running: running.length,
    pending: running.filter(({ works }) => !works(conditions)).length,
  }
}
