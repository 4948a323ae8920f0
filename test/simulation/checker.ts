import type { Insight, MetricValue } from '../../src/control/insight.ts'
import { kinds } from '../../src/kinds.ts'
import type { Resource, Scale, ScaledObject, Workload } from '../../src/resources.ts'
import { createActivity } from './activity.ts'
import { createAudit } from './audit.ts'
import { createAwareness } from './awareness.ts'
import { createCourses } from './direct/follow.ts'
import { createJobChecker, type JobChecker, type JobSurroundings } from './jobs/check.ts'
import { createHearing, createVersions, type Versions } from './knowledge.ts'
import { createMeasuring, nothingMeasured } from './measured.ts'
import type { Call, Done } from './network.ts'
import type { Process } from './process.ts'
import type { Facts } from './facts.ts'
import { whyNotGive } from './giving.ts'
import { createScaling, isScale, type WhyNot } from './scaling.ts'
import type { Scenario } from './scenario.ts'
import { createSuccession } from './succession.ts'
import type { Told } from './sources.ts'
import type { World } from './time.ts'
import { isTroubled, settledAfter } from './trouble.ts'
import { createWanted } from './wanted.ts'

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
/** In trouble a write takes up to so long to arrive (ms), and what it was decided on is older by that. */
const arriving = 3_100

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
  const skew = Math.max(...scenario.skews) - Math.min(...scenario.skews)
  let writes = 0

  const violate = (promise: string, what: string): void => {
    const text = `${promise}: ${what}`
    note(`VIOLATION ${text}`)
    violations.push(text)
  }
  const sinceStart = (): number => world.now() - start
  const apiTroubled = (): boolean => isTroubled(scenario, sinceStart())
  const activity = createActivity(world, apiTroubled)
  const measured = nothingMeasured()
  const settled = settledAfter(scenario)
  /** Nothing changes, and nothing follows any more from what changed last: also from a process that began, or went on, at `since`. */
  const isAtRest = (since: number): boolean => {
    const now = sinceStart()
    return scenario.calms.some(
      ({ from, to }) => now > Math.max(from, since - start) + settled && now < to,
    )
  }

  /** Nobody but a user or another controller sets counts besides, and watches bring them at once. */
  const setBy = (name: string, replicas: number): string | undefined => {
    const found = scenario.events.findLast(
      (e) => e.do === 'scale' && e.name === name && e.at <= sinceStart(),
    )
    const just = found?.do === 'scale' && found.replicas === replicas
    return just && sinceStart() - found.at < resolved ? (found.by ?? 'kubectl') : undefined
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
    const wanted = createWanted()
    const measuring = createMeasuring(measured, () => process.leads)
    let ranAt = world.now()
    let insight: Insight | undefined
    const says_ = (text: string): void => note(`${id} ${text}`)

    const measuredAt =
      (object: ScaledObject): Facts['measuredAt'] =>
      (query, ignoreEmpty) =>
        measuring.at(object, query, ignoreEmpty, world.now() - (apiTroubled() ? arriving : 0))

    const facts = (object: ScaledObject, from: number, late = 0): Facts => ({
      object,
      now: world.now(),
      from,
      newest: (query) => hearing.newest(query, world.now() - (apiTroubled() ? late : 0)),
      wasTried: (query) => hearing.wasTried(query),
      measuredAt: measuredAt(object),
      activeAt: activity.at(object.metadata.uid ?? ''),
      perhapsAt: activity.perhapsAt(object.metadata.uid ?? ''),
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
      setBy,
    })

    const whyNot: WhyNot = (name, rule) => {
      let why: string | undefined = 'it knows no such ScaledObject'
      for (const object of versions(name)) {
        why = rule(object)
        if (why === undefined) return undefined
      }
      return why
    }

    const awareness = createAwareness({
      world,
      hearing: () => hearing,
      objects,
      leads: () => process.leads,
      count: (name) => courses.count(name),
      activity,
    })
    const scaling = createScaling({ id, world, whyNot, facts, courses, violate })
    const audit = createAudit({
      id,
      world,
      skew: own,
      troubled: apiTroubled,
      since: (name, at) => objects.get(name)?.within(world.now(), world.now() - at) ?? [],
      violate,
    })

    const rests = (): void => {
      awareness.forgetUnwritten()
      insight = undefined
      audit.rests()
      says_('rests')
    }

    const judgeWrite = (call: Call, what: string, wanted: unknown, useless: boolean): void => {
      const isStill = isAtRest(Math.max(ranAt, process.resumedAt))
      if (isStill && !jobs.excuses(call)) violate('no writes at rest', `${what} ${detail(wanted)}`)
      else if (useless) violate('one write per change', `${what} changed nothing ${detail(wanted)}`)
    }

    const knowledge: Knowledge = {
      tried(query) {
        hearing.try(query, world.now())
        ofJobs.heard(query, { kind: 'error' })
      },
      heard(query, told, sure) {
        // several that lose their value within a round are taken for a fault, for three rounds more
        const lost = told.kind === 'void' && hearing.hadValue(query, 4)
        hearing.hear(query, world.now(), told)
        says_(`hears ${query} ${told.kind === 'value' ? told.value : told.kind}`)
        if (sure && !lost) measuring.heard(query, told, world.now())
        awareness.heard(query)
        courses.heard(query)
        ofJobs.heard(query, told)
      },
      lastKind(query) {
        const last = hearing.all(query).findLast(({ told }) => told.kind !== 'error')
        // where nobody asked for it meanwhile it is forgotten, as by a start
        return last && last.at > (wanted.droppedAt(query) ?? -1) ? last.told.kind : undefined
      },
      saw(object) {
        ofJobs.saw(object)
        wanted.saw(object, world.now())
        measuring.saw(object)
        if (isTarget(object)) courses.found(object)
        if (object.kind !== kinds.scaledObject.kind || !isScaledObject(object)) return
        const { name } = object.metadata
        const known = objects.get(name) ?? createVersions()
        objects.set(name, known)
        const before = known.newest
        known.add(world.now(), object)
        courses.saw(before, object)
        awareness.saw(before, object)
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
          audit.scaled(change)
        }
        ofJobs.wrote(call, done)
        if (!apiTroubled()) judgeWrite(call, `${id} ${what}`, done.wanted, useless)
      },
      gave(name, metric, values) {
        for (const { value } of values) {
          const why = whyNot(name, (object) =>
            whyNotGive(
              {
                object,
                now: world.now(),
                measuredAt: measuredAt(object),
                all: (query) => hearing.all(query),
              },
              metric,
              value,
              courses.count(name),
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
        ranAt = world.now()
        hearing = createHearing()
        measuring.runs()
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

    return {
      id,
      knowledge,
      forgetUnwritten: () => awareness.forgetUnwritten(),
      async audit() {
        const views = (await insight?.list()) ?? []
        audit.look(views)
        if (insight !== undefined) ofJobs.audit(views)
      },
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
