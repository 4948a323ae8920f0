import { labelSelector } from '../../src/core/selector.ts'
import { decimal, flag, text } from '../../src/metadata/fields.ts'
import { defineScaler } from '../../src/scaler.ts'
import { openPods } from './client.ts'

/** Pods of the workload's own namespace (KEDA pkg/scalers/kubernetes_workload_scaler.go), answered from a watch. */
export const kubernetesWorkload = defineScaler({
  type: 'kubernetes-workload',
  label: 'kubernetesWorkloadScaler',
  doc: 'Scales on the number of pods that a label selector finds, or of the nodes they run on.',
  fields: {
    podSelector: text({
      doc: 'Label selector of the pods to count, set-based ones included: `app=web, tier in (a, b)`.',
    }),
    value: decimal({
      doc: 'Pods, or nodes, that one replica is expected to handle. Only scalingModifiers can do without it.',
      default: 0,
    }),
    activationValue: decimal({ doc: 'Wake from zero above this number.', default: 0 }),
    groupByNode: flag({
      doc: 'Whether the nodes that the pods run on are counted in place of the pods.',
      default: false,
    }),
    namespace: text({ doc: 'Where the pods are.', from: ['workload'] }),
    composed: flag({ doc: 'Whether scalingModifiers scale.', from: ['workload'], default: false }),
  },
  check: ({ podSelector, value, composed }) => [
    ...(podSelector === undefined ? [] : selectorProblems(podSelector)),
    ...(value !== undefined && value <= 0 && composed !== true ? ['value must be above 0'] : []),
  ],
  specs: (m) => [{ name: `workload-${m.namespace}`, target: m.value, form: 'decimal' as const }],
  open: (_, host) => openPods(host),
  query: (m) => ({ namespace: m.namespace, selector: m.podSelector, nodes: m.groupByNode }),
  batch: false,
  ask: (pods, queries, signal) => Promise.all(queries.map((query) => pods.count(query, signal))),
  conclude: (count: number, m) => ({ value: count, active: count > m.activationValue }),
  watch: (m, pods, push, signal) =>
    pods.follow(
      { namespace: m.namespace, selector: m.podSelector, nodes: m.groupByNode },
      push,
      signal,
    ),
})

function selectorProblems(selector: string): readonly string[] {
  const read = labelSelector(selector)
  return 'unreadable' in read
    ? [`podSelector cannot be read at "${read.unreadable.slice(0, 60)}"`]
    : []
}
