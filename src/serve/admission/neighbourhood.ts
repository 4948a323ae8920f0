import { type Autoscaler, type Neighbours, targetKey } from '../../admission/neighbours.ts'
import { hpaNameFor } from '../../core/names.ts'
import { createIndex, type Index } from '../../control/index-by.ts'
import type { Mirror } from '../../mirror.ts'
import type { Resource, ScaledObject } from '../../resources.ts'

/** The mirrors it stands on. The HPAs may be in several, as long as none is in two. */
export interface NeighbourMirrors {
  readonly scaledObjects: Mirror<ScaledObject>
  readonly hpas: readonly Mirror<Autoscaler>[]
}

/** Who shares what in each namespace, kept up to date as objects change: no judgement walks through a list. */
export function createNeighbourhood(
  { scaledObjects, hpas }: NeighbourMirrors,
  signal: AbortSignal,
): (namespace: string) => Neighbours {
  const ends: (() => void)[] = []
  const byTarget = indexed(scaledObjects, ({ spec }) => targetKey(spec.scaleTargetRef), ends)
  const byHpa = indexed(scaledObjects, hpaNameIn, ends)
  const byScaled = hpas.map((mirror) =>
    indexed(mirror, ({ spec }) => targetKey(spec.scaleTargetRef), ends),
  )
  signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true })
  return (namespace) => ({
    scaling: (target) => byTarget(namespace, target),
    naming: (hpa) => byHpa(namespace, hpa),
    autoscaling: (target) => byScaled.flatMap((find) => find(namespace, target)),
  })
}

const hpaNameIn = ({ metadata, spec }: ScaledObject): string =>
  hpaNameFor(metadata.name, spec.advanced?.horizontalPodAutoscalerConfig?.name)

/** The objects of a mirror by a key within their namespace. */
function indexed<T extends Resource>(
  mirror: Mirror<T>,
  keyOf: (object: T) => string,
  ends: (() => void)[],
): (namespace: string, key: string) => readonly T[] {
  const index: Index<string> = createIndex()
  const put = (name: string, namespace: string, after: T | undefined): void =>
    index.put(`${namespace}/${name}`, after ? [`${namespace}/${keyOf(after)}`] : [])
  for (const object of mirror.values())
    put(object.metadata.name, object.metadata.namespace ?? '', object)
  ends.push(
    mirror.onChange(({ before, after }) => {
      const changed = after ?? before
      if (changed) put(changed.metadata.name, changed.metadata.namespace ?? '', after)
    }),
  )
  return (namespace, key) =>
    index.get(`${namespace}/${key}`).flatMap((id) => {
      const object = mirror.get(namespace, id.slice(namespace.length + 1))
      return object ? [object] : []
    })
}
