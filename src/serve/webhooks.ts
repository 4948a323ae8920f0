import type { Cluster } from '../cluster.ts'
import { kinds } from '../kinds.ts'

/** The ValidatingWebhookConfiguration of manifests/webhook. */
export const webhooksName = 'ebb-admission'

/**
 * Makes Ebb's webhooks trust the bundle (PEM): applies `caBundle` and nothing else, only where it differs, and only to
 * webhooks that name Ebb's own Service. Without such a configuration there is nothing to do.
 */
export async function spreadToWebhooks(
  cluster: Pick<Cluster, 'get' | 'apply'>,
  bundle: string,
  us: { readonly namespace: string; readonly service: string },
  signal: AbortSignal,
): Promise<void> {
  const found = await cluster.get(kinds.webhooks, { namespace: '', name: webhooksName }, signal)
  const ours = (found?.webhooks ?? []).filter(({ clientConfig }) => {
    const service = clientConfig?.service
    return service?.namespace === us.namespace && service.name === us.service
  })
  const caBundle = Buffer.from(bundle).toString('base64')
  if (ours.every(({ clientConfig }) => clientConfig?.caBundle === caBundle)) return
  const webhooks = ours.map(({ name }) => ({ name, clientConfig: { caBundle } }))
  await cluster.apply(kinds.webhooks, { metadata: { name: webhooksName }, webhooks }, signal)
}
