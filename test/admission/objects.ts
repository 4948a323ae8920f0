import type { LimitRange, ScaledObject, TriggerSpec } from '../../src/resources.ts'

export type Spec = ScaledObject['spec']

export const queue: TriggerSpec = {
  type: 'azure-queue',
  metadata: { queueName: 'orders', connectionFromEnv: 'STORAGE' },
}
export const cpu: TriggerSpec = {
  type: 'cpu',
  metricType: 'Utilization',
  metadata: { value: '50' },
}
export const memory: TriggerSpec = { ...cpu, type: 'memory' }
export const named = (name: string, type = 'prometheus'): TriggerSpec => ({
  type,
  name,
  metadata: {},
})

/** A ScaledObject that differs from a good one by these fields. */
export const scaledObject = (
  spec: Partial<Spec> = {},
  metadata: Partial<ScaledObject['metadata']> = {},
): ScaledObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { namespace: 'default', name: 'orders', ...metadata },
  spec: { scaleTargetRef: { name: 'orders' }, triggers: [queue], ...spec },
})

export const modifiers = (
  scalingModifiers: NonNullable<Spec['advanced']>['scalingModifiers'],
  triggers: readonly TriggerSpec[] = [named('a'), named('b', 'kafka'), { ...cpu, name: 'c' }],
): Partial<Spec> => ({ triggers, advanced: { ...(scalingModifiers && { scalingModifiers }) } })

export const limitRange = (limit: object): LimitRange => ({
  metadata: { namespace: 'default', name: 'limits' },
  // what the API server lets in, written as a test needs it
  spec: { limits: [{ type: 'Container', ...limit }] as never },
})
