import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import type { Mirrors } from '../control/controller.ts'
import { trimForeignHpa, trimHpa } from '../control/hpa.ts'
import { wholeScaledJob } from '../control/jobs/controller.ts'
import { trimJob } from '../control/jobs/kept.ts'
import { trimWorkload } from '../control/target.ts'
import { jobNameLabel } from '../core/job-object.ts'
import { kinds, type Kind } from '../kinds.ts'
import type { Log } from '../log.ts'
import { mirrorAll, type Mirror, type MirrorNews } from '../mirror.ts'
import type { Resource } from '../resources.ts'

/** What Ebb follows of a cluster. */
export interface MirrorScope {
  /** Only these namespaces; none means all. */
  readonly namespaces: readonly string[]
  /** Only ScaledObjects and ScaledJobs with these labels; '' means all. */
  readonly labelSelector: string
}

/** Ebb's own HPAs are found by the label KEDA puts on them, so that a cluster's other HPAs cost little. */
const ownHpas = 'app.kubernetes.io/managed-by=keda-operator'

/** Opens every mirror the loops need; `signal` ends them. */
export function openMirrors(
  cluster: Cluster,
  clock: Clock,
  scope: MirrorScope,
  random: () => number,
  log: Log,
  signal: AbortSignal,
): Mirrors {
  const report = (news: MirrorNews): void => {
    if (news.type === 'stale')
      log.warn(news, 'the API server cannot be followed; what is known stays')
    else log.debug(news, 'mirror')
  }
  const open = <T extends Resource, K extends Resource>(
    kind: Kind<T>,
    keep: (object: T) => K,
    labelSelector = '',
  ): Mirror<K> =>
    mirrorAll(
      cluster,
      clock,
      kind,
      { namespaces: scope.namespaces, ...(labelSelector !== '' && { labelSelector }) },
      keep,
      { random, report },
      signal,
    )
  return {
    scaledObjects: open(kinds.scaledObject, (o) => o, scope.labelSelector),
    authentications: open(kinds.triggerAuthentication, (o) => o),
    clusterAuthentications: open(kinds.clusterTriggerAuthentication, (o) => o),
    deployments: open(kinds.deployment, trimWorkload),
    statefulSets: open(kinds.statefulSet, trimWorkload),
    hpas: open(kinds.hpa, trimHpa, ownHpas),
    scaledJobs: open(kinds.scaledJob, wholeScaledJob, scope.labelSelector),
    jobs: open(kinds.job, trimJob, jobNameLabel),
    foreignHpas: open(kinds.hpa, trimForeignHpa, ownHpas.replace('=', '!=')),
  }
}

export const allSynced = async (mirrors: Mirrors): Promise<void> => {
  await Promise.all(Object.values(mirrors).map((mirror: Mirror<Resource>) => mirror.synced))
}
