import type {
  AnySituation,
  Insight,
  LedgerRecord,
  MetricValue,
  Write,
} from '../../src/control/insight.ts'
import { decide } from '../../src/core/decide.ts'
import { decideJobs } from '../../src/core/decide-jobs.ts'
import { kinds } from '../../src/kinds.ts'
import type { Resource, Scale, ScaledObject, Workload } from '../../src/resources.ts'
import { createCourses } from './direct/follow.ts'
import { createJobChecker, type JobChecker, type JobSurroundings } from './jobs/check.ts'
import { createHearing, createVersions, type Versions } from './knowledge.ts'
import { whyNotMonotone } from './monotone.ts'
import type { Call, Done } from './network.ts'
import type { Process } from './process.ts'
import { acceptedAge, isForced, isHalted, periodOf, says, whyNotGive, type Facts } from './rules.ts'
import { createScaling, isScale, type WhyNot } from './scaling.ts'
import { parametersOf, type Scenario } from './scenario.ts'
import { createSuccession } from './succession.ts'
import type { Told } from './sources.ts'
import type { World } from './time.ts'
import { isTroubled, settledAfter } from './trouble.ts'

/** What the checker follows of one process: all that it was told, and all that it does. */
export interface Knowledge {
  /** `sure` is false of an answer of a source that has lost its memory. */
  heard(query: string, told: Told, sure: boolean): void
  /** A call for it came to nothing, and it is not settled yet what that means. */
  tried(query: string): void
  lastKind(query: string): Told['kind'] | undefined
  saw(object: Resource): void
  read(scale: Scale): void
  issued(call: Call, wanted: unknown): void
  wrote(call: Call, done: Done): void
  gave(name: string, metric: string, values: readonly MetricValue[]): void
  /** It asks a source. */
  asked(): void
  /** Its loops run, and have been told nothing so far. */
  runs(insight: Insight): void
  /** Its loops have ended. */
  rests(): void
  /** It was asked to end. */
  leaving(): void
  ended(): void
}

export interface Checker {
  readonly violations: readonly string[]
  /** Calls that changed the cluster. */
  readonly writes: number
  started(process: Process, skew: number): Knowledge
  broken(what: string, thrown: unknown): void
  readonly jobs: JobChecker
  /** Looks at every record of every workload. */
  audit(): Promise<void>
}

/** A spec is resolved anew within this (ms), as long as the API server answers. */
const resolved = 5_000
/** Else it is tried again after half a minute at most, each time with calls that may take long (ms). */
const resolvedInTrouble = 60_000
/** Activity is written to the status within this, if the API server answers (ms). */
const unwritten = 1_000
/** A record is there so soon after the write (ms). */
const recorded = 5_000

/** The last two times of something; what is decided within the instant of the last may still go by the one before. */
interface Times {
  readonly last: number
  readonly before: number
}
const noTimes: Times = { last: -1, before: -1 }
const beforeNow = ({ last, before }: Times, now: number): number => (last < now ? last : before)
/** In trouble a write takes up to so long to arrive (ms), and what it was decided on is older by that. */
const arriving = 3_100

interface Scaled {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly at: number
}

interface Following {
  readonly id: string
  readonly knowledge: Knowledge
  /** What it has not written is known to no successor. */
  forgetUnwritten(): void
  audit(): Promise<void>
}

/**
 * Checks the promises of Ebb against the truth: what the queues held, what each process was told, and what it then wrote and
 * answered. `now` etc. are times of the world.
 */
export function createChecker(
  scenario: Scenario,
  world: World,
  start: number,
  note: (text: string) => void,
  { cluster, work }: Pick<JobSurroundings, 'cluster' | 'work'>,
): Checker {
  const violations: string[] = []
  const processes: Following[] = []
  /** By uid, over all processes. */
  const activeAt = new Map<string, number>()
  /** By uid: `activeAt` before this instant. */
  const activeBefore = new Map<string, { readonly now: number; readonly at: number | undefined }>()
  /** By uid: activity that a process may know of or not. */
  const perhapsAt = new Map<string, number>()
  /** By query, over all processes. */
  const measured = new Map<string, { value: Times; void: Times }>()
  const skew = Math.max(...scenario.skews) - Math.min(...scenario.skews)
  let writes = 0

  const violate = (promise: string, what: string): void => {
    const text = `${promise}: ${what}`
    note(`VIOLATION ${text}`)
    violations.push(text)
  }
  const measuredAt: Facts['measuredAt'] = (query, ignoreEmpty) => {
    const known = measured.get(query)
    if (known === undefined) return undefined
    const now = world.now() - (apiTroubled() ? arriving : 0)
    const at = Math.max(beforeNow(known.value, now), ignoreEmpty ? beforeNow(known.void, now) : -1)
    return at < 0 ? undefined : at
  }
  const sinceStart = (): number => world.now() - start
  const apiTroubled = (): boolean => isTroubled(scenario, sinceStart())
  const settled = settledAfter(scenario)
  const inCalm = (): boolean => {
    const now = sinceStart()
    return scenario.calms.some(({ from, to }) => now > from + settled && now < to)
  }

  const succession = createSuccession({
    scenario,
    world,
    start,
    violate,
    passedOn: (from) => processes.find(({ id }) => id === from)?.forgetUnwritten(),
  })

  const jobs = createJobChecker({ world, cluster, work, violate, troubled: apiTroubled })

  function follow(process: Process, own: number): Following {
    const { id } = process
    const ofJobs = jobs.follow(id)
    const standing = scenario.team > 1 ? succession(process) : undefined
    let hearing = createHearing()
    const objects = new Map<string, Versions>()
    const scaled: Scaled[] = []
    /** Since when workloads are active without a break, and when they were before. */
    const episodes = new Map<
      string,
      { readonly began: number; readonly before: number | undefined }
    >()
    /** Since when workloads are scaled at all again, after a pause as a whole: what was known before is not known then. */
    const askedSince = new Map<string, number>()
    /** Since when workloads are known: what others were told before, of the same queues, is no activity of theirs. */
    const knownSince = new Map<string, number>()
    const audited = new WeakSet<object>()
    let insight: Insight | undefined
    const says_ = (text: string): void => note(`${id} ${text}`)

    const facts = (object: ScaledObject, from: number): Facts => ({
      object,
      now: world.now(),
      from,
      newest: (query) => hearing.newest(query, world.now()),
      wasTried: (query) => hearing.wasTried(query),
      measuredAt,
      activeAt: activeAt.get(object.metadata.uid ?? ''),
      perhapsAt: perhapsAt.get(object.metadata.uid ?? ''),
      skew,
    })

    const resolving = (): number => (apiTroubled() ? resolvedInTrouble : resolved)
    const versions = (name: string): readonly ScaledObject[] =>
      objects.get(name)?.within(world.now(), resolving()) ?? []
    const courses = createCourses({
      world,
      hearing: () => hearing,
      objects,
      troubled: apiTroubled,
      resolving,
    })

    const whyNot: WhyNot = (name, rule) => {
      let why: string | undefined = 'it knows no such ScaledObject'
      for (const object of versions(name)) {
        why = rule(object)
        if (why === undefined) return undefined
      }
      return why
    }

    const markActive = (query: string): void => {
      // what a former owner is told while it ends is known to nobody who acts
      if (!process.leads) return
      for (const { newest } of objects.values()) {
        // what is paused as a whole asks nothing; what others are told is not told to it
        if (!newest || isHalted(newest)) continue
        if (!newest.spec.triggers.some((t) => parametersOf(t).query === query)) continue
        const uid = newest.metadata.uid ?? ''
        if (isTold(newest)) toldActive(uid)
        else toldIdle(uid)
      }
    }

    /** Whether what it was told of all its triggers makes it active. */
    const isTold = (object: ScaledObject): boolean => {
      const uid = object.metadata.uid ?? ''
      const oldest = Math.max(
        askedSince.get(uid) ?? 0,
        knownSince.get(uid) ?? 0,
        world.now() - acceptedAge(object) - periodOf(object),
      )
      const said = object.spec.triggers.map((t) => {
        const last = hearing.last(parametersOf(t).query)
        return last && last.at >= oldest ? says(t, last) : 'unknown'
      })
      return !said.includes('unknown') && (said.includes('active') || isForced(object))
    }

    const toldActive = (uid: string): void => {
      const now = world.now()
      const at = activeAt.get(uid)
      if (!episodes.has(uid)) episodes.set(uid, { began: now, before: at })
      if (at !== now) activeBefore.set(uid, { now, at })
      activeAt.set(uid, now)
    }

    const toldIdle = (uid: string): void => {
      const before = activeBefore.get(uid)
      // of what comes in one answer the last word counts: what was said before of the rest of it is no activity now
      if (before?.now === world.now()) restoreActive(uid, before.at)
      // in trouble its end may be unwritten too
      if (!apiTroubled()) episodes.delete(uid)
    }

    const restoreActive = (uid: string, at: number | undefined): void => {
      if (at === undefined) activeAt.delete(uid)
      else activeAt.set(uid, at)
    }

    /** That activity began is known to a successor only once it was written, which takes a moment, and long in trouble. */
    const forgetUnwritten = (): void => {
      const troubled = apiTroubled()
      for (const [uid, { began, before }] of episodes) {
        if (world.now() - began > unwritten && !troubled) continue
        if (before === undefined) perhapsAt.set(uid, began)
        restoreActive(uid, before)
      }
      episodes.clear()
    }

    const scaling = createScaling({ id, world, whyNot, facts, courses, violate })

    const rests = (): void => {
      forgetUnwritten()
      insight = undefined
      scaled.length = 0
      says_('rests')
    }

    const judgeWrite = (call: Call, what: string, wanted: unknown, useless: boolean): void => {
      if (inCalm() && !jobs.excuses(call)) violate('no writes at rest', `${what} ${detail(wanted)}`)
      else if (useless) violate('one write per change', `${what} changed nothing ${detail(wanted)}`)
    }

    const knowledge: Knowledge = {
      tried(query) {
        hearing.try(query, world.now())
        ofJobs.heard(query, { kind: 'error' })
      },
      heard(query, told, sure) {
        hearing.hear(query, world.now(), told)
        says_(`hears ${query} ${told.kind === 'value' ? told.value : told.kind}`)
        if (told.kind !== 'error' && sure) {
          const known = measured.get(query) ?? { value: noTimes, void: noTimes }
          if (known[told.kind].last < world.now())
            known[told.kind] = { last: world.now(), before: known[told.kind].last }
          measured.set(query, known)
        }
        markActive(query)
        courses.heard(query)
        ofJobs.heard(query, told)
      },
      lastKind(query) {
        const last = hearing.all(query).findLast(({ told }) => told.kind !== 'error')
        // where nobody asked for it meanwhile it is forgotten, as by a start
        return last && last.at >= Math.max(-1, ...askedSince.values()) ? last.told.kind : undefined
      },
      saw(object) {
        ofJobs.saw(object)
        if (isTarget(object)) courses.found(object)
        if (object.kind !== kinds.scaledObject.kind || !isScaledObject(object)) return
        const { name } = object.metadata
        const known = objects.get(name) ?? createVersions()
        objects.set(name, known)
        const before = known.newest
        const halted = before && isHalted(before)
        known.add(world.now(), object)
        courses.saw(before, object)
        const { uid = '' } = object.metadata
        if (!knownSince.has(uid)) knownSince.set(uid, world.now())
        // however short it was
        if (isForced(object)) perhapsAt.set(uid, world.now())
        if (halted && !isHalted(object)) askedSince.set(uid, world.now())
      },
      read: (scale) => courses.read(scale),
      issued(call, wanted) {
        ofJobs.issued(call, wanted)
        if (call.verb === 'writeScale' && isScale(wanted)) scaling.issued(wanted)
      },
      wrote(call, done) {
        const what = `${call.verb} ${call.kind} ${call.name}`
        standing?.wrote(call, done)
        // its renewals are no change of the cluster
        if (call.kind === kinds.lease.kind) return says_(`${what} ${detail(done.wanted)}`)
        if (done.refused) return says_(`was refused ${what}`)
        writes++
        const useless = done.before !== undefined && done.after !== undefined && unchanged(done)
        if (call.kind !== 'Event' || call.verb !== 'create')
          says_(`${what}${useless ? ' (nothing changed)' : ''} ${detail(done.wanted)}`)
        const change = call.verb === 'writeScale' ? scaling.wrote(call, done) : undefined
        if (change) {
          says_(`scales ${change.name} ${change.from} -> ${change.to}`)
          scaled.push({ ...change, at: world.now() })
        }
        ofJobs.wrote(call, done)
        if (!apiTroubled()) judgeWrite(call, `${id} ${what}`, done.wanted, useless)
      },
      gave(name, metric, values) {
        const index = Number(/^s(\d+)-/.exec(metric)?.[1] ?? -1)
        for (const { value } of values) {
          const why = whyNot(name, (object) =>
            whyNotGive(
              { object, now: world.now(), measuredAt, all: (query) => hearing.all(query) },
              index,
              value,
            ),
          )
          if (why !== undefined)
            violate(
              'never down on ignorance',
              `${id} gave an HPA ${metric} of ${name} as ${value}: ${why}`,
            )
        }
      },
      asked: () => standing?.asked(),
      runs(given) {
        insight = given
        hearing = createHearing()
        courses.runs()
        ofJobs.runs()
        says_('runs')
        standing?.runs()
      },
      rests,
      leaving() {
        says_('is asked to end')
        standing?.leaving()
      },
      ended() {
        rests()
        says_('is dead')
        standing?.ended()
      },
    }

    const auditRecord = (name: string, record: LedgerRecord): void => {
      if (audited.has(record.situation)) return
      audited.add(record.situation)
      // as it would come back from wherever it was kept
      const kept = JSON.parse(JSON.stringify(record.situation)) as AnySituation
      const again = 'created' in kept ? decide(kept) : decideJobs(kept)
      if (JSON.stringify(again) !== JSON.stringify(record.decision))
        violate(
          'replay equality',
          `${name}: recorded ${JSON.stringify(record.decision)}, decided again ${JSON.stringify(again)} of ${JSON.stringify(kept)}`,
        )
      const why = 'created' in kept ? whyNotMonotone(kept, decide(kept)) : undefined
      if (why !== undefined) violate('monotone in backlog', `${name}: ${why}`)
    }

    const changedHands = ({ name, at }: Scaled): boolean => {
      const of = new Set(
        objects
          .get(name)
          ?.within(world.now(), world.now() - at + 1)
          .map((o) => o.metadata.uid),
      )
      return of.size > 1 || objects.get(name)?.newest?.metadata.deletionTimestamp !== undefined
    }

    return {
      id,
      knowledge,
      forgetUnwritten,
      async audit() {
        const views = (await insight?.list()) ?? []
        for (const { name, records } of views)
          for (const record of records) auditRecord(name, record)
        if (insight === undefined) return
        ofJobs.audit(views)
        for (const write of scaled.splice(0)) {
          // its records went with it
          if (changedHands(write)) continue
          if (world.now() - write.at < recorded) scaled.push(write)
          else if (!apiTroubled()) auditWrite(write, views)
        }
      },
    }

    function auditWrite(
      { name, from, to, at }: Scaled,
      views: readonly { readonly name: string; readonly records: readonly LedgerRecord[] }[],
    ): void {
      const view = views.find((v) => v.name === name)
      const shows = (write: Write): boolean =>
        write.kind === 'scaled' && write.from === from && write.to === to
      if (
        view &&
        !view.records.some((r) => Math.abs(r.lastAt - own - at) < 60_000 && shows(r.write))
      )
        violate('every change has a record', `${id} scaled ${name} ${from} -> ${to}`)
    }
  }

  return {
    violations,
    jobs,
    get writes() {
      return writes
    },
    started(process, own) {
      note(`${process.id} starts${own === 0 ? '' : `, its clock ${own} ms off`}`)
      const following = follow(process, own)
      processes.push(following)
      return following.knowledge
    },
    broken(what, thrown) {
      violate(
        'it does not break',
        `${what}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`,
      )
    },
    async audit() {
      for (const following of processes.slice(-2 * scenario.team)) await following.audit()
    },
  }
}

const isTarget = (object: Resource): object is Workload => object.kind === kinds.deployment.kind

const isScaledObject = (object: Resource): object is ScaledObject => 'spec' in object

const unchanged = ({ before, after }: Done): boolean =>
  before?.metadata.resourceVersion === after?.metadata.resourceVersion &&
  before?.metadata.finalizers?.length === after?.metadata.finalizers?.length

const detail = (wanted: unknown): string => JSON.stringify(wanted)?.slice(0, 1500) ?? ''
