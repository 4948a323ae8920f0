import type { Cluster } from '../cluster.ts'
import { kinds } from '../kinds.ts'
import type { ApiService } from '../resources.ts'
import { metricsGroup, metricsVersion } from './discovery.ts'

/** The APIService through which HPAs read external metrics; a cluster has one. */
export const apiServiceName = `${metricsVersion}.${metricsGroup}`

/** Whose the APIService is: Ebb's own Service, another one (`owner` is namespace/name), or there is none. */
export type Standing =
  | { readonly kind: 'ours' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign'; readonly owner: string }

/** Judges an APIService by the Service it names. */
export function standingOf(
  found: ApiService | undefined,
  us: { readonly namespace: string; readonly service: string },
): Standing {
  if (!found) return { kind: 'absent' }
  const service = found.spec?.service
  if (!service) return { kind: 'foreign', owner: 'the API server itself' }
  return service.namespace === us.namespace && service.name === us.service
    ? { kind: 'ours' }
    : { kind: 'foreign', owner: `${service.namespace ?? ''}/${service.name ?? ''}` }
}

/**
 * Makes the APIService trust the bundle (PEM): applies `caBundle` and nothing else, only where it differs, and only to an
 * APIService that names Ebb's own Service.
 */
export async function spreadBundle(
  cluster: Cluster,
  bundle: string,
  us: { readonly namespace: string; readonly service: string },
  signal: AbortSignal,
): Promise<Standing> {
  const ref = { namespace: '', name: apiServiceName }
  const found = await cluster.get(kinds.apiService, ref, signal)
  const standing = standingOf(found, us)
  const caBundle = Buffer.from(bundle).toString('base64')
  if (standing.kind === 'ours' && found?.spec?.caBundle !== caBundle)
    await cluster.apply(
      kinds.apiService,
      { metadata: { name: apiServiceName }, spec: { caBundle } },
      signal,
    )
  return standing
}
