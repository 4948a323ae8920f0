import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, before, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Cluster } from '../../src/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { openKube } from '../../src/kube/open.ts'
import { clusterContract, type Stage } from '../contract/cluster.ts'
import { canStart, startControlPlane, type ControlPlane } from '../control-plane/start.ts'
import { need } from '../support/need.ts'

const definitions = fileURLToPath(new URL('../../manifests/crds', import.meta.url))
/** History reaches back no farther than this, in ms, so that it can be forgotten. */
const compaction = 2_000

let control: ControlPlane | undefined
let cluster: Cluster | undefined
let custom = false
let stages = 0

before(async () => {
  if (!(await canStart())) return
  control = await startControlPlane({ apiServer: [`--etcd-compaction-interval=${compaction}ms`] })
  cluster = await openKube({
    kubeconfig: control.kubeconfig,
    clock: systemClock,
    random: Math.random,
  })
  custom = existsSync(definitions)
  if (!custom) return
  await control.kubectl('apply', '--server-side', '-k', definitions)
  await control.kubectl('wait', '--for=condition=Established', 'crd', '--all')
})

after(async () => {
  await cluster?.close()
  await control?.close()
})

async function open(t: TestContext): Promise<Stage | undefined> {
  if (!need(t, control !== undefined, 'Go, to build a control plane') || !cluster || !control)
    return undefined
  const api = control
  const namespace = `stage-${stages++}`
  await cluster.create(kinds.namespace, { metadata: { name: namespace } }, t.signal)
  return {
    cluster,
    clock: systemClock,
    namespace,
    pass: (ms) => systemClock.sleep(ms, t.signal),
    async scaleAs(manager, name, replicas) {
      const patch = JSON.stringify({ spec: { replicas } })
      const how = ['--subresource=scale', '--type=merge', `--field-manager=${manager}`, '-p', patch]
      await api.kubectl('-n', namespace, 'patch', 'deployment', name, ...how)
    },
    custom,
    reviews: true,
    namespaces: true,
    // the API server sends one about every minute
    bookmarkPeriod: 62_000,
    cutWatches: () => api.restartApiServer(),
    // The watch cache of an API server remembers more than its store, until it starts anew.
    async forget() {
      await systemClock.sleep(compaction * 2.5, t.signal)
      await api.restartApiServer()
    },
  }
}

// a watch that falls silent while the server lives is played by the fake API of watch.test.ts
clusterContract('a real API server', Object.assign(open, { lacks: ['muteWatches'] as const }))
