import { kubernetesWorkload } from '../../../scalers/kubernetes-workload/index.ts'
import { systemClock as clock } from '../../../src/clock.ts'
import { createEmbedded } from '../../../src/embedded/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import { createPods } from '../../../src/pods.ts'
import { givenBy, scalerContract } from '../../contract/scaler.ts'
import { testHost } from '../../support/host.ts'

const never = new AbortController().signal
const trigger = (podSelector: string) => givenBy({ podSelector, value: '1' })

scalerContract('kubernetes-workload on the pods of a cluster', kubernetesWorkload, async () => {
  const cluster = createEmbedded({ clock })
  for (const [name, app] of [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'mail'],
  ] as const)
    await cluster.create(
      kinds.pod,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'ns', name, labels: { app } },
        spec: { containers: [{ name: 'main', image: 'none' }] },
      },
      never,
    )
  const pods = createPods(cluster, clock, () => 0.5)
  return {
    good: { given: trigger('app=web'), value: 2 },
    other: { given: trigger('app in (mail)'), value: 1 },
    bad: undefined,
    strangers: undefined,
    nobody: undefined,
    host: testHost({ followPods: (namespace, selector) => pods.follow(namespace, selector) }),
    connections: () => undefined,
    async close() {
      await pods.close()
      await cluster.close()
    },
  }
})
