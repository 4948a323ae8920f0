import { allowedEndpoints } from '../auth/tenancy.ts'
import { parseEndpoints } from '../endpoints.ts'
import type { Meta } from '../resources.ts'
import { inSpec, type Problem, type Rule } from './problem.ts'

interface Identity {
  readonly provider: string
  readonly identityId?: string
  readonly identityTenantId?: string
  readonly identityAuthorityHost?: string
  readonly roleArn?: string
  readonly externalID?: string
  readonly identityOwner?: string
}

interface OAuth2 {
  readonly type?: string
  readonly clientId?: string
  readonly tokenUrl?: string
}

/** The part of the spec that there are rules for. */
export interface JudgedAuthentication {
  readonly podIdentity?: Identity
  readonly oauth2?: OAuth2
}

/**
 * KEDA's rules for a TriggerAuthentication or ClusterTriggerAuthentication (keda-behaviour-ops.md 9.4). With an identity of
 * gcp, aws-eks or none it looks at nothing else; other tools may depend on it, so neither does this.
 */
export function authenticationProblems({
  podIdentity,
  oauth2,
}: JudgedAuthentication): readonly Problem[] {
  const provider = podIdentity?.provider
  const judged = provider === undefined || provider === 'azure-workload' || provider === 'aws'
  return [
    ...(provider === 'azure-workload' ? azureProblems(podIdentity ?? { provider }) : []),
    ...(provider === 'aws' ? awsProblems(podIdentity ?? { provider }) : []),
    ...(oauth2 && judged ? oauthProblems(oauth2) : []),
  ]
}

/** The list of endpoints that Ebb reads; one that cannot be read allows nothing. */
export function limitProblems({ annotations }: Partial<Meta>): readonly Problem[] {
  const text = annotations?.[allowedEndpoints]
  const parsed = text === undefined ? undefined : parseEndpoints(text)
  if (parsed === undefined || 'allow' in parsed) return []
  const path = ['metadata', 'annotations', allowedEndpoints]
  const message = `annotation ${allowedEndpoints}: ${parsed.problem}`
  return [{ path, rule: 'annotation', weight: 'broken', message }]
}

const wrong = (block: Rule & ('pod-identity' | 'oauth2'), field: string, why: string): Problem => {
  const name = block === 'oauth2' ? 'oauth2' : 'podIdentity'
  return inSpec([name, field], block, `${name}.${field} ${why}`)
}

function azureProblems(identity: Identity): readonly Problem[] {
  const { identityId, identityTenantId: tenant, identityAuthorityHost: host } = identity
  const found: Problem[] = []
  if (identityId === '')
    found.push(wrong('pod-identity', 'identityId', 'must not be empty where it is set'))
  if (host !== undefined && host !== '' && !tenant)
    found.push(
      wrong('pod-identity', 'identityTenantId', 'is required where identityAuthorityHost is set'),
    )
  else if (tenant === '')
    found.push(wrong('pod-identity', 'identityTenantId', 'must not be empty where it is set'))
  return found
}

function awsProblems({ roleArn, externalID, identityOwner }: Identity): readonly Problem[] {
  const found: Problem[] = []
  if (roleArn && identityOwner === 'workload')
    found.push(wrong('pod-identity', 'roleArn', 'cannot be set where identityOwner is workload'))
  if (externalID && !roleArn) found.push(wrong('pod-identity', 'externalID', 'needs roleArn'))
  return found
}

function oauthProblems({
  type = 'clientCredentials',
  clientId,
  tokenUrl,
}: OAuth2): readonly Problem[] {
  const found: Problem[] = []
  if (type !== 'clientCredentials') found.push(wrong('oauth2', 'type', 'must be clientCredentials'))
  if (!clientId) found.push(wrong('oauth2', 'clientId', 'is required'))
  if (!tokenUrl) found.push(wrong('oauth2', 'tokenUrl', 'is required'))
  else if (!isHttp(tokenUrl))
    found.push(wrong('oauth2', 'tokenUrl', 'must be an http or https URL with a host'))
  return found
}

/** As Go's url.Parse sees it, which takes no host out of `http:host`. */
const isHttp = (url: string): boolean => /^https?:\/\/[^/?#]/i.test(url) && URL.canParse(url)
