import type { Scale, ScaledObject } from '../../src/resources.ts'
import type { Courses } from './direct/follow.ts'
import { isDirect } from './direct/rules.ts'
import type { Call, Done } from './network.ts'
import type { Facts } from './facts.ts'
import { whyNotLower, whyNotRaise } from './rules.ts'
import type { World } from './time.ts'

/** Why none of the versions that a process may act on allows it; undefined where one does. */
export type WhyNot = (
  name: string,
  rule: (object: ScaledObject) => string | undefined,
) => string | undefined

export interface ScalingParts {
  readonly id: string
  readonly world: World
  readonly whyNot: WhyNot
  /** `from` is the count that is there; in trouble what was said up to `late` ms before may count too. */
  readonly facts: (object: ScaledObject, from: number, late?: number) => Facts
  readonly courses: Courses
  readonly violate: (promise: string, what: string) => void
}

/** The scales that one process writes. */
export interface Scaling {
  issued(scale: Scale): void
  /** What it changed; undefined where it did not take place. */
  wrote(
    call: Call,
    done: Done,
  ): { readonly name: string; readonly from: number; readonly to: number } | undefined
}

/** In trouble the scale that is written is read so long before (ms): what it was decided on is older by that. */
const reading = 3_100

/** A count on its way to a target, with the conflicts that it met. */
interface Chain {
  readonly to: number
  /** Why the count must not be lowered so, or raised so, by what was known then. */
  readonly why: string | undefined
  readonly up: string | undefined
  /** Why Ebb must not set it by itself, without an HPA. */
  readonly alone: string | undefined
  readonly at: number
  /** When it was decided on. */
  readonly since: number
}

/** Judges each scale: what it lowers, and what is set without an HPA, by what is known when it is on its way. */
export function createScaling(parts: ScalingParts): Scaling {
  const { id, world, whyNot, facts, courses, violate } = parts
  const chains = new Map<string, Chain>()

  const judged = (name: string, from: number, to: number, chain: Chain | undefined): void => {
    if (to < from && chain?.why !== undefined)
      violate('never down on ignorance', `${id} lowered ${name} ${from} -> ${to}: ${chain.why}`)
    if (to <= from) return
    if (chain && (chain.alone === undefined || chain.up === undefined)) return
    const why = whyNot(name, (object) =>
      isDirect(object) ? chain?.alone : whyNotRaise(facts(object, from, reading), to),
    )
    if (why !== undefined)
      violate('bounded result', `${id} raised ${name} ${from} -> ${to}: ${why}`)
  }

  return {
    issued(scale) {
      const { name } = scale.metadata
      const to = scale.spec.replicas
      const now = world.now()
      const before = chains.get(name)
      // tried again after a conflict: decided before
      if (before?.to === to && now - before.at < 60_000 && before.why === undefined) {
        chains.set(name, { ...before, at: now })
        return
      }
      const alone = (object: ScaledObject): string | undefined =>
        courses.whyNot(facts(object, Infinity), scale)
      chains.set(name, {
        to,
        why: whyNot(name, (object) =>
          isDirect(object) ? alone(object) : whyNotLower(facts(object, Infinity), to),
        ),
        up: whyNot(name, (object) =>
          isDirect(object) ? alone(object) : whyNotRaise(facts(object, Infinity, reading), to),
        ),
        alone: whyNot(name, (object) => (isDirect(object) ? alone(object) : 'its HPA scales it')),
        at: now,
        since: now,
      })
    },
    wrote({ name }, { wanted, before, after, refused }) {
      if (refused || !isScale(before) || !isScale(after)) return undefined
      const { resourceVersion } = isScale(wanted) ? wanted.metadata : {}
      if (resourceVersion !== before.metadata.resourceVersion)
        violate('no change of others is lost', `${id} scaled ${name} over one it had not seen`)
      const [from, to] = [before.spec.replicas, after.spec.replicas]
      const chain = chains.get(name)
      chains.delete(name)
      courses.scaled(before, after, chain?.since ?? world.now())
      judged(name, from, to, chain)
      return { name, from, to }
    },
  }
}

export const isScale = (value: unknown): value is Scale =>
  typeof value === 'object' && value !== null && 'spec' in value && 'metadata' in value
