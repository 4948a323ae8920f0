import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import type { Manifest } from '../../../src/cli/manifests.ts'
import { inventoryOfCluster, inventoryOfFiles } from '../../../src/cli/rbac/inventory.ts'
import { readsOf } from '../../../src/cli/rbac/reads.ts'
import { rolesFor } from '../../../src/cli/rbac/roles.ts'
import { createEmbedded } from '../../../src/embedded/cluster.ts'
import { type Kind, kinds } from '../../../src/kinds.ts'
import type { Resource } from '../../../src/resources.ts'
import { manualClock } from '../../support/clock.ts'

const namespace = 'shop'
const signal = new AbortController().signal

const env = [
  { name: 'QUEUE', valueFrom: { secretKeyRef: { name: 'queue', key: 'connection' } } },
  { name: 'VIA', value: 'x$(HOST)' },
  { name: 'HOST', valueFrom: { configMapKeyRef: { name: 'late', key: 'host' } } },
  { name: 'OTHER', valueFrom: { secretKeyRef: { name: 'unused', key: 'k' } } },
]

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'orders', namespace },
  spec: {
    selector: { matchLabels: { app: 'orders' } },
    template: {
      metadata: { labels: { app: 'orders' } },
      spec: { containers: [{ name: 'main', image: 'i', env }] },
    },
  },
}

const authentication = (kind: string, name: string, secret: string): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind,
  metadata: { name, ...(kind.startsWith('Cluster') ? {} : { namespace }) },
  spec: { secretTargetRef: [{ parameter: 'connection', name: secret, key: 'k' }] },
})

const scaledObject = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'orders', namespace },
  spec: {
    scaleTargetRef: { name: 'orders' },
    triggers: [
      { type: 'azure-queue', metadata: { queueName: 'q', connectionFromEnv: 'QUEUE' } },
      { type: 'azure-queue', metadata: { queueName: 'r' }, authenticationRef: { name: 'own' } },
      {
        type: 'azure-queue',
        metadata: { queueName: 's' },
        authenticationRef: { name: 'wide', kind: 'ClusterTriggerAuthentication' },
      },
      { type: 'azure-queue', metadata: { queueName: 't' }, authenticationRef: { name: 'gone' } },
    ],
  },
}

/** Its second container is the one that is named; the first must not be granted. */
const scaledJob = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: { name: 'videos', namespace: 'videos' },
  spec: {
    envSourceContainerName: 'side',
    jobTargetRef: {
      template: {
        spec: {
          containers: [
            { name: 'main', image: 'i', env },
            {
              name: 'side',
              image: 'i',
              env: [{ name: 'QUEUE', valueFrom: { secretKeyRef: { name: 'side', key: 'k' } } }],
            },
          ],
        },
      },
    },
    triggers: [{ type: 'azure-queue', metadata: { queueName: 'q', connectionFromEnv: 'QUEUE' } }],
  },
}
const bareScaledJob = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: { name: 'bare', namespace: 'videos' },
}

const objects = [
  scaledJob,
  bareScaledJob,
  deployment,
  authentication('TriggerAuthentication', 'own', 'own-secret'),
  authentication('ClusterTriggerAuthentication', 'wide', 'wide-secret'),
  scaledObject,
] as readonly Manifest['object'][]

const open = { clusterNamespace: 'ebb', restricted: false }
const expected = [
  { namespace: 'ebb', secrets: ['wide-secret'], configMaps: [], accounts: [], pods: false },
  { namespace, secrets: ['own-secret', 'queue'], configMaps: [], accounts: [], pods: false },
  { namespace: 'videos', secrets: ['side'], configMaps: [], accounts: [], pods: false },
]

describe('ebb rbac', () => {
  test('finds what the workloads of files refer to, and nothing that they do not', async () => {
    const inventory = inventoryOfFiles(objects.map((object) => ({ object, where: 'here' })))
    assert.deepEqual(await readsOf(inventory.readers, { ...inventory, ...open }), expected)
  })

  test('finds the same on a cluster', async () => {
    const cluster = createEmbedded({ clock: manualClock() })
    for (const object of objects) {
      const kind = Object.values<Kind<Resource>>(kinds).find((one) => one.kind === object.kind)
      assert.ok(kind)
      await cluster.create(kind, object, signal)
    }
    const inventory = await inventoryOfCluster(cluster, signal)
    assert.deepEqual(await readsOf(inventory.readers, { ...inventory, ...open }), expected)
    await cluster.close()
  })

  test('prints Roles of get with resourceNames alone, bound to the account of Ebb', () => {
    const text = rolesFor(expected, { namespace: 'ebb', name: 'ebb' })
    const documents = parseAllDocuments(text).map((one) => one.toJS() as Record<string, never>)
    assert.deepEqual(
      documents.map(({ kind, metadata }) => `${kind} ${metadata?.['namespace']}`),
      [
        'Role ebb',
        'RoleBinding ebb',
        'Role shop',
        'RoleBinding shop',
        'Role videos',
        'RoleBinding videos',
      ],
    )
    assert.deepEqual(documents[2]?.['rules'], [
      {
        apiGroups: [''],
        resources: ['secrets'],
        verbs: ['get'],
        resourceNames: ['own-secret', 'queue'],
      },
    ])
    assert.deepEqual(documents[3]?.['subjects'], [
      { kind: 'ServiceAccount', namespace: 'ebb', name: 'ebb' },
    ])
  })

  test('lets pods be patched in the namespaces where idle ones are to go first, and nowhere else', async () => {
    const direct = { 'ebb.dev/scaling': 'direct', 'ebb.dev/idle-label': 'work=idle' }
    const annotated = (name: string, space: string, annotations: object): object => ({
      ...scaledObject,
      metadata: { name, namespace: space, annotations },
      spec: { scaleTargetRef: { name: 'x' }, triggers: [] },
    })
    const given = [
      annotated('a', 'one', direct),
      annotated('b', 'two', { 'ebb.dev/idle-label': 'work=idle' }),
      annotated('c', 'three', { ...direct, 'ebb.dev/idle-label': '-' }),
    ] as readonly Manifest['object'][]
    const inventory = inventoryOfFiles(given.map((object) => ({ object, where: 'here' })))
    const reads = await readsOf(inventory.readers, { ...inventory, ...open })
    const text = rolesFor(reads, { namespace: 'ebb', name: 'ebb' })
    const documents = parseAllDocuments(text).map((one) => one.toJS() as Record<string, never>)
    assert.deepEqual(
      documents.map(({ kind, metadata }) => `${kind} ${metadata?.['namespace']}`),
      ['Role one', 'RoleBinding one'],
    )
    assert.deepEqual(documents[0]?.['rules'], [
      { apiGroups: [''], resources: ['pods'], verbs: ['patch'] },
    ])
  })

  test('leaves out what a controller that is restricted to its own Secrets does not read', async () => {
    const object = (kind: string, name: string, spec: object): object => ({
      apiVersion: 'keda.sh/v1alpha1',
      kind,
      metadata: { name, namespace },
      spec,
    })
    const vault = {
      address: 'https://vault',
      authentication: 'kubernetes',
      credential: { serviceAccountName: 'scaler' },
      secrets: [],
    }
    const many = object('TriggerAuthentication', 'own', {
      secretTargetRef: [{ parameter: 'a', name: 'own-secret', key: 'k' }],
      configMapTargetRef: [{ parameter: 'b', name: 'own-config', key: 'k' }],
      boundServiceAccountToken: [{ parameter: 'c', serviceAccountName: 'bound' }],
      env: [{ parameter: 'd', name: 'QUEUE' }],
      oauth2: {
        tokenUrl: 'https://token',
        clientId: 'e',
        clientSecret: { valueFrom: { secretKeyRef: { name: 'oauth', key: 'k' } } },
      },
      hashiCorpVault: { ...vault, secrets: [{ parameter: 'f', path: 'p', key: 'k' }] },
    })
    const given = [
      ...objects.filter(({ metadata }) => metadata.name !== 'own'),
      many,
    ] as readonly Manifest['object'][]
    const inventory = inventoryOfFiles(given.map((one) => ({ object: one, where: 'here' })))
    const reads = (restricted: boolean) =>
      readsOf(inventory.readers, { ...inventory, clusterNamespace: 'ebb', restricted })
    const none = { secrets: [], configMaps: [], accounts: [], pods: false }
    const shop = {
      namespace,
      secrets: [],
      configMaps: ['own-config'],
      accounts: ['bound', 'scaler'],
      pods: false,
    }
    assert.deepEqual(await reads(true), [
      { ...none, namespace: 'ebb', secrets: ['wide-secret'] },
      shop,
    ])
    const [, all] = await reads(false)
    assert.deepEqual(all, { ...shop, secrets: ['oauth', 'own-secret', 'queue'] })
  })
})
