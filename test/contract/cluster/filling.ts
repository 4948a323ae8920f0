import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import { autoscaler, scaledObject, workload } from './fixtures.ts'
import { check, type Open } from './stage.ts'

export function filling(open: Open): void {
  custom(open)
  autoscalers(open)

  check(open, 'a Deployment without a number of replicas has one', [], async (s, signal) => {
    const object = workload('Deployment', s.namespace, 'app')
    const made = await s.cluster.create(kinds.deployment, object, signal)
    assert.equal(made.spec?.replicas, 1)
  })
}

function custom(open: Open): void {
  check(
    open,
    'fields that a custom resource does not have are dropped',
    ['custom'],
    async (s, signal) => {
      const plain = scaledObject(s.namespace, 'a')
      const odd = { ...plain, spec: { ...plain.spec, nobodyKnows: 1 } }
      const made = await s.cluster.create(kinds.scaledObject, odd, signal)
      assert.ok(!('nobodyKnows' in made.spec))
      assert.deepEqual(made.spec.triggers, plain.spec.triggers)
    },
  )

  check(
    open,
    'the fallback of a ScaledObject is static unless it says otherwise',
    ['custom'],
    async (s, signal) => {
      const fallback = { failureThreshold: 3, replicas: 6 }
      const object = scaledObject(s.namespace, 'a', { fallback })
      const made = await s.cluster.create(kinds.scaledObject, object, signal)
      assert.deepEqual(made.spec.fallback, { ...fallback, behavior: 'static' })
    },
  )
}

function autoscalers(open: Open): void {
  check(
    open,
    'an HPA without behavior gets none, and one replica at least',
    [],
    async (s, signal) => {
      const made = await s.cluster.create(kinds.hpa, autoscaler(s.namespace, 'h'), signal)
      assert.equal(made.spec.minReplicas, 1)
      assert.equal(made.spec.behavior, undefined)
    },
  )

  check(open, 'a partial behavior of an HPA is completed', [], async (s, signal) => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } }
    const made = await s.cluster.create(
      kinds.hpa,
      autoscaler(s.namespace, 'h', { behavior }),
      signal,
    )
    assert.deepEqual(made.spec.behavior, {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: 60,
        selectPolicy: 'Max',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    })
  })

  check(open, 'what a behavior of an HPA names is kept', [], async (s, signal) => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 30 }]
    const behavior = { scaleUp: { selectPolicy: 'Min', policies } }
    const made = await s.cluster.create(
      kinds.hpa,
      autoscaler(s.namespace, 'h', { behavior }),
      signal,
    )
    assert.deepEqual(made.spec.behavior?.scaleUp, {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Min',
      policies,
    })
    assert.deepEqual(made.spec.behavior?.scaleDown, {
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    })
  })
}
