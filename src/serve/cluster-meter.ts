import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { EbbError } from '../errors.ts'
import type { ClusterMeter } from './meters.ts'

/** The same cluster, every request of which is counted by verb, resource and outcome. */
export function countRequests(cluster: Cluster, meter: ClusterMeter, clock: Clock): Cluster {
  const counted = async <T>(verb: string, resource: string, work: Promise<T>): Promise<T> => {
    const started = clock.now()
    try {
      const result = await work
      meter.requested(verb, resource, 'ok', clock.now() - started)
      return result
    } catch (error) {
      meter.requested(verb, resource, codeOf(error), clock.now() - started)
      throw error
    }
  }

  return {
    server: cluster.server,
    list: (kind, where, signal) => counted('list', kind.plural, cluster.list(kind, where, signal)),
    async *watch(kind, where, signal) {
      try {
        yield* cluster.watch(kind, where, signal)
        meter.requested('watch', kind.plural, 'ok', undefined)
      } catch (error) {
        meter.requested('watch', kind.plural, codeOf(error), undefined)
        throw error
      }
    },
    get: (kind, ref, signal) => counted('get', kind.plural, cluster.get(kind, ref, signal)),
    create: (kind, object, signal) =>
      counted('create', kind.plural, cluster.create(kind, object, signal)),
    replace: (kind, object, signal) =>
      counted('update', kind.plural, cluster.replace(kind, object, signal)),
    patch: (kind, ref, patch, options, signal) =>
      counted(
        'patch',
        options.subresource ? `${kind.plural}/${options.subresource}` : kind.plural,
        cluster.patch(kind, ref, patch, options, signal),
      ),
    apply: (kind, object, signal) =>
      counted('apply', kind.plural, cluster.apply(kind, object, signal)),
    remove: (kind, ref, options, signal) =>
      counted('delete', kind.plural, cluster.remove(kind, ref, options, signal)),
    readScale: (target, ref, signal) =>
      counted('get', `${target.plural}/scale`, cluster.readScale(target, ref, signal)),
    writeScale: (target, scale, signal) =>
      counted('update', `${target.plural}/scale`, cluster.writeScale(target, scale, signal)),
    issueToken: (account, wanted, signal) =>
      counted('create', 'serviceaccounts/token', cluster.issueToken(account, wanted, signal)),
    resolve: (apiVersion, kind, signal) => cluster.resolve(apiVersion, kind, signal),
    getAny: (target, ref, signal) =>
      counted('get', target.plural, cluster.getAny(target, ref, signal)),
    close: () => cluster.close(),
  }
}

const codeOf = (error: unknown): string =>
  error instanceof EbbError ? error.code.replace('CLUSTER_', '').toLowerCase() : 'aborted'
