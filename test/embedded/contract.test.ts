import { manualClock, settle } from '../support/clock.ts'
import { clusterContract, type Open } from '../contract/cluster.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'

const open: Open = async (t) => {
  const clock = manualClock()
  const cluster = createEmbedded({
    clock,
    bookmarks: 5_000,
    policy: {
      authenticate: () => undefined,
      authorize: ({ groups = [] }) => groups.includes('system:masters'),
    },
  })
  t.after(() => cluster.close())
  await cluster.create(kinds.namespace, { metadata: { name: 'contract' } }, t.signal)
  return {
    cluster,
    clock,
    namespace: 'contract',
    pass: (ms) => clock.advance(ms),
    async scaleAs(manager, name, replicas) {
      const port = cluster.as(manager)
      const ref = { namespace: 'contract', name }
      const scale = await port.readScale(kinds.deployment, ref, t.signal)
      if (!scale) throw new Error(`there is no ${name}`)
      await port.writeScale(kinds.deployment, { ...scale, spec: { replicas } }, t.signal)
    },
    custom: true,
    reviews: true,
    bookmarkPeriod: 5_000,
    cutWatches: async () => {
      cluster.cutWatches()
      await settle()
    },
    forget: async () => cluster.compact(),
    muteWatches: async () => cluster.muteWatches(),
  }
}

// namespaces need not exist here
clusterContract('the embedded cluster', Object.assign(open, { lacks: ['namespaces'] as const }))
