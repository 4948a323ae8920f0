import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { loadConfig, type ConfigOptions } from './config.ts'
import { credentials } from './credentials.ts'
import { discovery } from './discovery.ts'
import { objects, read } from './objects.ts'
import { tokens } from './token.ts'
import { readScale, writeScale } from './scale.ts'
import { watch } from './watch.ts'
import { wire as openWire } from './wire.ts'

export interface KubeOptions extends ConfigOptions {
  readonly clock: Clock
  /** Uniform in [0, 1): spreads the ends of watches. */
  readonly random: () => number
  /** ms that one request may take; 30 s unless given. Watches are not bound by it once they are open. */
  readonly timeout?: number
}

/**
 * The cluster of a kubeconfig or of the pod this runs in. Reads the configuration and obtains the credentials, but asks the API
 * server nothing yet. Fails with CLUSTER_CONFIG.
 */
export async function openKube(options: KubeOptions): Promise<Cluster> {
  const { clock, random, timeout = 30_000 } = options
  const load = (): ReturnType<typeof loadConfig> => loadConfig(options)
  const server = load().getCurrentCluster()?.server ?? ''
  const who = credentials(load, clock)
  await who.current()
  const end = new AbortController()
  const wire = openWire({ server, credentials: who, clock, timeout })
  const kinds = discovery(wire, clock, end.signal)
  return {
    server: wire.server,
    ...objects(wire),
    ...tokens(wire),
    watch: (kind, where, signal) => watch({ wire, clock, random }, kind, where, signal),
    readScale: (target, ref, signal) => readScale(wire, target, ref, signal),
    writeScale: (target, scale, signal) => writeScale(wire, target, scale, signal),
    resolve: (apiVersion, kind, signal) => kinds.resolve(apiVersion, kind, signal),
    getAny: (target, ref, signal) => read(wire, target, ref, signal),
    async close() {
      end.abort()
      await wire.close()
    },
  }
}
