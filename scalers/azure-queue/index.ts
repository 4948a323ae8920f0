import { endpointOf } from '../../src/endpoints.ts'
import { choice, integer, optional, text } from '../../src/metadata/fields.ts'
import { defineScaler } from '../../src/scaler.ts'
import {
  cloudOf,
  cloudProblems,
  identityFields,
  knownStorageSuffix,
  providerOf,
} from '../shared/azure.ts'
import type { QueueService } from './client.ts'
import { parseConnectionString } from './connection-string.ts'

const fields = {
  queueName: text({ doc: 'Queue to watch. It is never created.' }),
  queueLength: integer({ doc: 'Messages that one replica is expected to handle.', default: 5 }),
  activationQueueLength: integer({
    doc: 'Wake from zero above this many messages.',
    default: 0,
  }),
  queueLengthStrategy: choice(['all', 'visibleonly'], {
    doc: 'Whether messages that a consumer has taken and not deleted yet count (`all`) or not. Above 31 visible messages `visibleonly` counts them too, because one peek shows no more.',
    default: 'all',
  }),
  connection: optional(
    text({
      doc: 'Storage connection string. Required without pod identity.',
      from: ['auth', 'trigger', 'env'],
      secret: true,
      connection: true,
    }),
  ),
  accountName: optional(
    text({ doc: 'Storage account. Required with pod identity.', connection: true }),
  ),
  cloud: text({
    doc: 'AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, AzureGermanCloud, AzureStackCloud or Private.',
    default: 'AzurePublicCloud',
    connection: true,
  }),
  endpointSuffix: optional(
    text({
      doc: 'With cloud Private: the whole suffix of queue addresses, `queue.` included. Ignored otherwise.',
      connection: true,
    }),
  ),
  ...identityFields,
}

interface Told {
  readonly connection?: string | undefined
  readonly accountName?: string | undefined
  readonly provider?: string | undefined
}

function accountProblems(name: string | undefined): string[] {
  if (name === undefined)
    return ["accountName is required with pod identity: set it in the trigger's metadata"]
  // It becomes part of a host name that is sent a token, so it must not be able to name another host.
  return /^[A-Za-z0-9-]+$/.test(name)
    ? []
    : ['accountName must be the name of a storage account, without dots and slashes']
}

function loginProblems(m: Told): string[] {
  const provider = providerOf(m)
  if (provider === 'azure-workload') return accountProblems(m.accountName)
  if (provider !== 'none')
    return [`pod identity ${provider} cannot read Azure queues; use azure-workload or connection`]
  if (m.connection === undefined)
    return [
      "connection is required without pod identity: set it in the TriggerAuthentication, or in the trigger's metadata, or name a variable of the container's environment in connectionFromEnv",
    ]
  const parsed = parseConnectionString(m.connection)
  return 'problem' in parsed ? [`connection ${parsed.problem}`] : []
}

/** The account's queue service; undefined where only `open` can find it out. */
function urlOf(c: {
  readonly provider: string | undefined
  readonly connection: string | undefined
  readonly accountName: string | undefined
  readonly cloud: string
  readonly endpointSuffix: string | undefined
}): URL | undefined {
  if (providerOf(c) !== 'azure-workload') {
    const parsed = parseConnectionString(c.connection ?? '')
    return 'problem' in parsed ? undefined : new URL(parsed.url)
  }
  const cloud = cloudOf(c.cloud)
  const known = knownStorageSuffix(cloud)
  const suffix = cloud === 'private' ? c.endpointSuffix : known && `queue.${known}`
  return suffix === undefined
    ? undefined
    : (URL.parse(`https://${c.accountName}.${suffix}`) ?? undefined)
}

/** Azure Storage queues, by the approximate message count or by a peek (KEDA pkg/scalers/azure_queue_scaler.go). */
export const azureQueue = defineScaler({
  type: 'azure-queue',
  label: 'azureQueueScaler',
  doc: 'Scales on the number of messages in an Azure Storage queue.',
  fields,
  check: (m) => [
    ...loginProblems(m),
    ...(m.cloud === undefined ? [] : cloudProblems(m.cloud, 'endpointSuffix', m.endpointSuffix)),
  ],
  specs: (m) => [
    { name: `azure-queue-${m.queueName}`, target: m.queueLength, form: 'integer' as const },
  ],
  endpoints: (c) => {
    const url = urlOf(c)
    return url ? [endpointOf(url)] : []
  },
  // Imported when a workload uses it: the SDK is the heavy part.
  open: async (c, host): Promise<QueueService> =>
    (await import('./client.ts')).openQueueService(c, host),
  query: (m) => ({ queue: m.queueName, strategy: m.queueLengthStrategy }),
  batch: false,
  ask: (service, queries, signal) =>
    Promise.all(queries.map((query) => service.length(query, signal))),
  conclude: (messages: number, m) => ({
    value: messages,
    active: messages > m.activationQueueLength,
  }),
})
