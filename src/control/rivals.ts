import { neighbourProblems, targetKey } from '../admission/neighbours.ts'
import type { Mirror } from '../mirror.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import { createIndex } from './index-by.ts'

/** The key of a target over all namespaces. */
export const targetIn = (namespace: string, ref: Parameters<typeof targetKey>[0]): string =>
  `${namespace}/${targetKey(ref)}`

export interface RivalParts {
  /** ScaledObjects by `targetIn`. */
  readonly scaling: (target: string) => readonly ScaledObject[]
  /** ScaledObjects by namespace and name of their HPA. */
  readonly naming: (hpa: string) => readonly ScaledObject[]
  /** HPAs that are not Ebb's. */
  readonly foreign: Mirror<HorizontalPodAutoscaler>
  /** Another HPA scales this target now, or does no more. */
  readonly changed: (target: string) => void
}

/** Who else scales a workload's target. */
export interface Rivals {
  /** Why the workload must not scale it; empty where it may. */
  problems(object: ScaledObject): readonly string[]
  close(): void
}

/**
 * Nothing is scaled by two: KEDA's webhook sees to it when objects are written, this while they are there, for clusters where
 * the webhook was away. Of two ScaledObjects the older one goes on; an HPA of somebody else's goes before both.
 */
export function createRivals({ scaling, naming, foreign, changed }: RivalParts): Rivals {
  const byTarget = createIndex<string>()

  const put = (hpa: HorizontalPodAutoscaler, there: boolean): void => {
    const { namespace = '', name } = hpa.metadata
    byTarget.put(
      `${namespace}/${name}`,
      there ? [targetIn(namespace, hpa.spec.scaleTargetRef)] : [],
    )
  }

  for (const hpa of foreign.values()) put(hpa, true)
  const off = foreign.onChange(({ before, after }) => {
    const hpa = after ?? before
    if (!hpa) return
    put(hpa, after !== undefined)
    for (const seen of [before, after])
      if (seen) changed(targetIn(seen.metadata.namespace ?? '', seen.spec.scaleTargetRef))
  })

  return {
    problems(object) {
      const { namespace = '' } = object.metadata
      return neighbourProblems(object, {
        scaling: (target) => scaling(`${namespace}/${target}`).filter((o) => isElder(o, object)),
        naming: (hpa) => naming(`${namespace}/${hpa}`).filter((o) => isElder(o, object)),
        autoscaling: (target) =>
          byTarget.get(`${namespace}/${target}`).flatMap((key) => {
            const hpa = foreign.get(namespace, key.slice(namespace.length + 1))
            return hpa && !isOfScaledObject(hpa) ? [hpa] : []
          }),
      }).map(({ message }) => message)
    },
    close: off,
  }
}

/** Of equal age the name decides, so that each of two comes to the same answer. One that is being deleted is none. */
function isElder({ metadata: a }: ScaledObject, { metadata: b }: ScaledObject): boolean {
  if (a.deletionTimestamp !== undefined) return false
  const [x, y] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  return x === y ? a.name < b.name : x < y
}

/** The rule for rival ScaledObjects covers those. */
const isOfScaledObject = ({ metadata }: HorizontalPodAutoscaler): boolean =>
  metadata.ownerReferences?.some(({ kind }) => kind === 'ScaledObject') ?? false
