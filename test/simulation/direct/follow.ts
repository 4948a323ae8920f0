import type { Scale, ScaledObject, Workload } from '../../../src/resources.ts'
import { createCounts, sameIntent, type Hearing, type Versions } from '../knowledge.ts'
import { oldestOf, says, type Facts } from '../facts.ts'
import { boundsOf, isHalted } from '../rules.ts'
import { parametersOf } from '../scenario.ts'
import type { World } from '../time.ts'
import { createCourse, type Course } from './course.ts'
import { createOthers, type Others } from './foreign.ts'
import { isDirect, leastOf, roughlyMostOf, whyNotAlone } from './rules.ts'

/** What one process knows of the targets that it scales, and what it did to them. */
export interface Courses {
  /** The process was given this target. */
  found(target: Workload): void
  /** The process was given the scale of a target. */
  read(scale: Scale): void
  /** The newest count of a target that it knows. */
  count(name: string): number
  /** The process was given an object in the place of another. */
  saw(before: ScaledObject | undefined, object: ScaledObject): void
  /** Its loops begin anew. */
  runs(): void
  /** Something was heard of this query. */
  heard(query: string): void
  /** Why it must not set this scale by itself, without an HPA. */
  whyNot(facts: Facts, scale: Scale): string | undefined
  /** A scale reached the target, decided on at `at`. */
  scaled(from: Scale, to: Scale, at: number): void
}

export interface CoursesParts {
  readonly world: World
  readonly hearing: () => Hearing
  readonly objects: ReadonlyMap<string, Versions>
  readonly troubled: () => boolean
  /** Who, other than Ebb, has set this count just now. */
  readonly setBy: (name: string, replicas: number) => string | undefined
  /** How long a process may take to act on another version of an object (ms). */
  readonly resolving: () => number
}

export function createCourses(parts: CoursesParts): Courses {
  const { world, hearing, objects, troubled, resolving, setBy } = parts
  const counts = createCounts()
  const courses = new Map<string, Course>()
  const others = new Map<string, Others>()

  const courseOf = (name: string): Course => {
    const known = courses.get(name) ?? createCourse(world.now(), counts.newest(name), world.now())
    courses.set(name, known)
    return known
  }

  const othersOf = (name: string): Others => {
    const known = others.get(name) ?? createOthers()
    others.set(name, known)
    return known
  }

  const begins = (name: string): void => {
    othersOf(name).forget()
    courseOf(name).begin(world.now(), counts.newest(name), world.now() + resolving())
  }

  /** Another count is there: somebody else may have set it, while Ebb scales by itself. */
  const noteOther = (name: string, replicas: number): void => {
    const object = objects.get(name)?.newest
    const settled = world.now() > (courses.get(name)?.begun ?? Infinity) + resolving()
    if (replicas === counts.newest(name) || troubled() || !settled) return
    const by = object && isDirect(object) && !isHalted(object) ? setBy(name, replicas) : undefined
    if (by !== undefined) othersOf(name).wrote(by, world.now())
  }

  /** What the metrics ask for from now on. */
  const noteAsked = (name: string, object: ScaledObject): void => {
    const { triggers } = object.spec
    const now = world.now()
    const known = triggers.flatMap((trigger) => {
      const heard = hearing().last(parametersOf(trigger).query)
      const young = heard && now - heard.at <= oldestOf(object)
      return young && says(trigger, heard) !== 'unknown' ? [{ trigger, heard }] : []
    })
    const [min, max] = boundsOf(object)
    const count = counts.newest(name)
    const scales = count >= Math.max(min, 1) && count <= max
    courseOf(name).asked(
      now,
      Math.max(0, ...known.map((k) => leastOf(k.trigger, k.heard))),
      Math.max(0, ...known.map((k) => roughlyMostOf(k.trigger, k.heard))),
      scales && known.length === triggers.length,
    )
  }

  return {
    found({ metadata: { name, resourceVersion = '' }, spec }) {
      const replicas = spec?.replicas ?? 1
      noteOther(name, replicas)
      counts.add(name, resourceVersion, replicas)
      courses.get(name)?.found(world.now(), replicas)
    },
    read: ({ metadata, spec }) =>
      counts.add(metadata.name, metadata.resourceVersion ?? '', spec.replicas),
    count: (name) => counts.newest(name),
    saw(before, object) {
      const { name } = object.metadata
      if (!before || scalerOf(before) !== scalerOf(object)) begins(name)
      else if (!sameIntent(before, object)) othersOf(name).forget()
    },
    runs() {
      for (const name of objects.keys()) begins(name)
    },
    heard(query) {
      for (const [name, { newest }] of objects) {
        if (!newest || !isDirect(newest) || isHalted(newest)) continue
        if (newest.spec.triggers.some((t) => parametersOf(t).query === query))
          noteAsked(name, newest)
      }
    },
    whyNot(facts, { metadata: { name, resourceVersion = '' }, spec }) {
      const contested = othersOf(name).contested(world.now())
      if (contested !== undefined) return `${contested} keeps writing its replicas`
      const from = counts.at(name, resourceVersion)
      if (from === undefined) return 'it goes by a version that it was not told of'
      return whyNotAlone({ ...facts, from, course: courseOf(name) }, spec.replicas)
    },
    scaled(from, to, at) {
      const { name, resourceVersion = '' } = to.metadata
      counts.add(name, resourceVersion, to.spec.replicas)
      courses.get(name)?.scaled(at, from.spec.replicas, to.spec.replicas, !troubled())
    },
  }
}

/** Who scales it between 1 and max; another answer, and whoever does it begins anew. */
const scalerOf = (object: ScaledObject): string =>
  `${object.metadata.uid} ${isDirect(object)} ${isHalted(object)}`
