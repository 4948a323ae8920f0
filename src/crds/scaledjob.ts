import { ageColumn, column, conditionColumns, type Definition } from './definition.ts'
import { jobSpec } from './jobspec.ts'
import { choice, int32, list, object, type Schema, text } from './schema.ts'
import { commonStatus, triggers } from './trigger.ts'

const strategies = ['gradual', 'immediate']

const scalingStrategy: Schema = object(
  'How many Jobs to start.',
  {},
  {
    strategy: choice('How running and waiting Jobs count; default when absent.', [
      'default',
      'custom',
      'accurate',
      'eager',
    ]),
    customScalingQueueLengthDeduction: int32('With custom: taken off the queue length.'),
    customScalingRunningJobPercentage: text(
      'With custom: the part of the running Jobs that counts, as a number.',
    ),
    pendingPodConditions: list(
      'Conditions of a pod that must all hold for its Job to count as running.',
      { type: 'string' },
    ),
    multipleScalersCalculation: choice('How several triggers combine; max when absent.', [
      'min',
      'avg',
      'sum',
      'max',
    ]),
  },
)

const spec: Schema = object(
  'Which Jobs to make, on what, and how many.',
  { jobTargetRef: jobSpec, triggers: triggers() },
  {
    pollingInterval: int32('Seconds between two looks at the triggers; 30 when absent.', {
      minimum: 1,
    }),
    successfulJobsHistoryLimit: int32('How many succeeded Jobs are kept; 100 when absent.', {
      minimum: 0,
    }),
    failedJobsHistoryLimit: int32('How many failed Jobs are kept; 100 when absent.', {
      minimum: 0,
    }),
    rolloutStrategy: choice('Deprecated; counts before rollout.strategy.', strategies),
    rollout: object(
      'What a change of this object means for Jobs made before.',
      {},
      {
        strategy: choice('gradual keeps them, immediate (when absent) deletes them.', strategies),
        propagationPolicy: choice('How they are deleted; background when absent.', [
          'foreground',
          'background',
        ]),
      },
    ),
    envSourceContainerName: text(
      'The container whose environment parameters that end in FromEnv are read from; the first when absent.',
    ),
    minReplicaCount: int32('The fewest running Jobs; 0 when absent.', { minimum: 0 }),
    maxReplicaCount: int32('The most running Jobs; 100 when absent.', { minimum: 1 }),
    scalingStrategy,
  },
)

export const scaledJob: Definition = {
  kind: 'ScaledJob',
  description: 'Starts Jobs on events that wait for them.',
  shortNames: ['sj'],
  columns: [
    column('Min', '.spec.minReplicaCount', 'integer'),
    column('Max', '.spec.maxReplicaCount', 'integer'),
    ...conditionColumns('Ready', 'Active', 'Paused'),
    column('Triggers', '.status.triggersTypes'),
    column('Authentications', '.status.authenticationsTypes'),
    ageColumn,
  ],
  spec,
  status: object(
    'What the controller found and did.',
    {},
    {
      ...commonStatus,
      Paused: text('Not written; accepted because KEDA has it.'),
    },
  ),
  specOptional: true,
}
