import type { Cluster, Ref, ScalableKind } from '../cluster.ts'
import { isFailure, reasonOf } from '../errors.ts'
import type { Scale } from '../resources.ts'
import type { Write } from './insight.ts'
import type { TargetState } from './target.ts'

/** How often a write is tried again when the target changed for another reason than its replicas. */
const tries = 3

/** What a write did, and the version the target has since. `decide-again`: someone else changed the replicas. */
export type Outcome =
  | { readonly write: Write; readonly after: TargetState | undefined }
  | { readonly again: TargetState }

/**
 * Writes `replicas` to the target's /scale, guarded by the resourceVersion the decision was made on. On a conflict /scale is
 * read anew: the same replicas are written again, other replicas are for a new decision.
 */
export async function writeReplicas(
  cluster: Cluster,
  kind: ScalableKind,
  ref: Ref,
  seen: TargetState,
  replicas: number,
  signal: AbortSignal,
): Promise<Outcome> {
  let { resourceVersion } = seen
  for (let attempt = 1; ; attempt++) {
    try {
      const written = await cluster.writeScale(
        kind,
        scaleOf(ref, resourceVersion, replicas),
        signal,
      )
      return {
        write: { kind: 'scaled', from: seen.replicas, to: replicas },
        after: { replicas, resourceVersion: written.metadata.resourceVersion ?? '' },
      }
    } catch (error) {
      if (!isFailure(error, 'CLUSTER_CONFLICT') || attempt === tries)
        return { write: failedBy(error), after: undefined }
    }
    const found = await cluster.readScale(kind, ref, signal)
    if (!found)
      return {
        write: { kind: 'failed', error: `${kind.kind} ${ref.name} is gone` },
        after: undefined,
      }
    resourceVersion = found.metadata.resourceVersion ?? ''
    if (found.spec.replicas !== seen.replicas)
      return { again: { replicas: found.spec.replicas, resourceVersion } }
  }
}

/** One that cannot be reached may have been reached, and only its answer not. */
const failedBy = (error: unknown): Write => ({
  kind: 'failed',
  error: reasonOf(error),
  ...(isFailure(error, 'CLUSTER_UNREACHABLE') && { perhaps: true }),
})

const scaleOf = (ref: Ref, resourceVersion: string, replicas: number): Scale => ({
  metadata: { name: ref.name, namespace: ref.namespace, resourceVersion },
  spec: { replicas },
  status: { replicas: 0, selector: undefined },
})
