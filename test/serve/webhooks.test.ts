import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { webhookSpreader } from '../../src/compose/admission.ts'
import type { Cluster } from '../../src/cluster.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure, reasonOf } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { silentLog } from '../../src/log.ts'
import { webhooksName } from '../../src/serve/webhooks.ts'
import { manualClock } from '../support/clock.ts'

const signal = new AbortController().signal
const encoded = (text: string): string => Buffer.from(text).toString('base64')
const hook = (name: string, namespace = 'ebb', caBundle?: string) => ({
  name,
  clientConfig: {
    service: { namespace, name: 'ebb' },
    ...(caBundle !== undefined && { caBundle }),
  },
})
const ref = { namespace: '', name: webhooksName }

void describe('the bundle of the webhooks', () => {
  let cluster: EmbeddedCluster
  let applied: unknown[]
  let warned: number
  let active: boolean
  let refuse: Error | undefined

  beforeEach(() => {
    cluster = createEmbedded({ clock: manualClock() })
    applied = []
    warned = 0
    active = true
    refuse = undefined
  })
  afterEach(() => cluster.close())

  const spreader = (): ReturnType<typeof webhookSpreader> => {
    const seen: Cluster = {
      ...cluster,
      get: (...args) => (refuse ? Promise.reject(refuse) : cluster.get(...args)),
      async apply(kind, object, s) {
        applied.push(object)
        return cluster.apply(kind, object, s)
      },
    }
    const log = { ...silentLog, warn: () => void warned++ } as unknown as typeof silentLog
    return webhookSpreader({
      cluster: seen,
      namespace: 'ebb',
      service: 'ebb',
      active: () => active,
      log,
    })
  }
  const create = async (...webhooks: readonly ReturnType<typeof hook>[]): Promise<void> => {
    await cluster.create(kinds.webhooks, { metadata: { name: webhooksName }, webhooks }, signal)
  }

  void it('is put into each webhook that names Ebb, alone, and only where it differs', async () => {
    await create(hook('a'), hook('b', 'ebb', encoded('old')), hook('c', 'elsewhere'))
    const spread = spreader()
    await spread('new', signal)
    const caBundle = encoded('new')
    assert.deepEqual(applied, [
      {
        metadata: { name: webhooksName },
        webhooks: ['a', 'b'].map((name) => ({ name, clientConfig: { caBundle } })),
      },
    ])
  })

  void it('is not written where it is right, and nothing is where there are no webhooks', async () => {
    const spread = spreader()
    await spread('new', signal)
    await create(hook('a', 'ebb', encoded('new')))
    await spread('new', signal)
    assert.deepEqual(applied, [])
  })

  void it('is not registered in shadow mode', async () => {
    await create(hook('a'))
    active = false
    await spreader()('new', signal)
    assert.deepEqual(applied, [])
  })

  void it('is missed once, in words, where the account may not', async () => {
    refuse = failure('CLUSTER_FORBIDDEN', { what: 'getting', why: 'no' })
    const spread = spreader()
    await spread('new', signal)
    await spread('new', signal)
    assert.equal(warned, 1)
    refuse = failure('CLUSTER_UNREACHABLE', { server: 's', why: 'w' })
    await assert.rejects(spread('new', signal), (error) => /cannot reach/.test(reasonOf(error)))
    assert.equal((await cluster.get(kinds.webhooks, ref, signal)) === undefined, true)
  })
})
