import { systemClock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'

/** Lends the cluster of a kubeconfig (or of KUBECONFIG, or of the pod) to one piece of work. */
export async function withCluster<T>(
  kubeconfig: string | undefined,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const { openKube } = await import('../kube/open.ts')
  const cluster = await openKube({ kubeconfig, clock: systemClock, random: Math.random })
  try {
    return await work(cluster)
  } finally {
    await cluster.close()
  }
}
