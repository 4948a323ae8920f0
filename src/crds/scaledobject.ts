import { behavior } from './behavior.ts'
import { ageColumn, column, conditionColumns, type Definition } from './definition.ts'
import { choice, flag, int32, list, map, object, type Schema, text } from './schema.ts'
import { commonStatus, triggers } from './trigger.ts'

const target: Schema = object(
  'The workload to scale: anything in the same namespace that has a scale subresource.',
  { name: text('Its name.', { minLength: 1 }) },
  {
    apiVersion: text('Its API group and version; apps/v1 when absent.'),
    kind: text('Its kind; Deployment when absent.'),
    envSourceContainerName: text(
      'The container whose environment parameters that end in FromEnv are read from; the first when absent.',
    ),
  },
)

const fallback: Schema = object(
  'How many replicas to run while a trigger cannot be read.',
  {
    failureThreshold: int32('After how many failures in a row.', { minimum: 0 }),
    replicas: int32('How many replicas.', { minimum: 0 }),
  },
  {
    behavior: choice(
      'How replicas is meant.',
      [
        'static',
        'currentReplicas',
        'currentReplicasIfHigher',
        'currentReplicasIfLower',
        'scalingModifiers',
      ],
      { default: 'static' },
    ),
  },
)

const advanced: Schema = object(
  'What is seldom needed.',
  {},
  {
    restoreToOriginalReplicaCount: flag(
      'On deletion, put the workload back to the replicas it had before.',
    ),
    horizontalPodAutoscalerConfig: object(
      'The generated autoscaler.',
      {},
      {
        name: text('Its name; keda-hpa- and the name of this object when absent.', {
          maxLength: 63,
        }),
        behavior,
      },
    ),
    scalingModifiers: object(
      'Several triggers made into one metric.',
      {},
      {
        formula: text('An expression over the names of triggers.'),
        target: text('The target of the result, a number above 0.', {
          'x-kubernetes-validations': [
            {
              // what Go's ParseFloat takes, NaN too: KEDA's webhook compares with 0 alone
              rule: "self == '' || self.lowerAscii() == 'nan' || !(double(self) <= 0.0)",
              message: 'target must be a number above 0',
            },
          ],
        }),
        activationTarget: text('The workload is active above this; 0 when absent.'),
        metricType: choice('How the target is meant; AverageValue when absent.', [
          'AverageValue',
          'Value',
        ]),
      },
      {
        'x-kubernetes-validations': [
          {
            rule: "has(self.formula) && self.formula != '' || (!has(self.target) || self.target == '') && (!has(self.activationTarget) || self.activationTarget == '') && !has(self.metricType)",
            message: 'formula is required with target, activationTarget or metricType',
            fieldPath: '.formula',
          },
          {
            rule: "!has(self.formula) || self.formula == '' || has(self.target) && self.target != ''",
            message: 'target is required with a formula',
            fieldPath: '.target',
          },
        ],
      },
    ),
  },
)

const spec: Schema = object(
  'What to scale, on what, and how far.',
  {
    scaleTargetRef: target,
    triggers: triggers({
      metricType: text(
        'How the target is meant: AverageValue (the default), Value or Utilization.',
      ),
    }),
  },
  {
    pollingInterval: int32('Seconds between two looks at the triggers; 30 when absent.', {
      minimum: 1,
    }),
    initialCooldownPeriod: int32('Seconds after creation before the first scale to zero.', {
      minimum: 0,
    }),
    cooldownPeriod: int32('Seconds from the last activity to the scale to zero; 300 when absent.', {
      minimum: 0,
    }),
    idleReplicaCount: int32('Replicas while nothing is active; must be below minReplicaCount.', {
      minimum: 0,
    }),
    minReplicaCount: int32('The fewest replicas; 0 when absent.', { minimum: 0 }),
    maxReplicaCount: int32('The most replicas; 100 when absent.', { minimum: 1 }),
    fallback,
    advanced,
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '!has(self.minReplicaCount) || self.minReplicaCount <= (has(self.maxReplicaCount) ? self.maxReplicaCount : 100)',
        message: 'minReplicaCount must not exceed maxReplicaCount (100 when absent)',
        fieldPath: '.minReplicaCount',
      },
      // an explicit minReplicaCount of 0 counts as 1, an absent one as 0: as in KEDA's webhook
      {
        rule: '!has(self.idleReplicaCount) || self.idleReplicaCount < (!has(self.minReplicaCount) ? 0 : self.minReplicaCount > 0 ? self.minReplicaCount : 1)',
        message: 'idleReplicaCount must be below minReplicaCount',
        fieldPath: '.idleReplicaCount',
      },
      {
        rule: "!has(self.fallback) || !has(self.fallback.behavior) || self.fallback.behavior != 'scalingModifiers' || has(self.advanced) && has(self.advanced.scalingModifiers) && has(self.advanced.scalingModifiers.formula) && self.advanced.scalingModifiers.formula != ''",
        message: 'fallback.behavior scalingModifiers needs advanced.scalingModifiers.formula',
        fieldPath: '.fallback',
      },
    ],
  },
)

const status: Schema = object(
  'What the controller found and did.',
  {},
  {
    ...commonStatus,
    scaleTargetKind: text('API group, version and kind of the workload.'),
    scaleTargetGVKR: object('The same in parts, with the resource.', {
      group: { type: 'string' },
      version: { type: 'string' },
      kind: { type: 'string' },
      resource: { type: 'string' },
    }),
    originalReplicaCount: int32('The replicas the workload had when it was first seen.'),
    pausedReplicaCount: int32('The replicas it is paused at.'),
    hpaName: text('Name of the generated autoscaler.'),
    resourceMetricNames: list('The resources the autoscaler scales on by itself.', {
      type: 'string',
    }),
    compositeScalerName: text('Name of the metric made by a formula.'),
    health: map(
      'How the triggers do, by metric name.',
      object(
        'One trigger.',
        {},
        {
          numberOfFailures: int32('Failures in a row.'),
          status: text('Happy or Failing.'),
        },
      ),
    ),
  },
)

export const scaledObject: Definition = {
  kind: 'ScaledObject',
  description: 'Scales a workload from zero to many on events that wait for it.',
  shortNames: ['so'],
  columns: [
    column('ScaleTargetKind', '.status.scaleTargetKind'),
    column('ScaleTargetName', '.spec.scaleTargetRef.name'),
    column('Min', '.spec.minReplicaCount', 'integer'),
    column('Max', '.spec.maxReplicaCount', 'integer'),
    ...conditionColumns('Ready', 'Active', 'Fallback', 'Paused'),
    column('Triggers', '.status.triggersTypes'),
    column('Authentications', '.status.authenticationsTypes'),
    ageColumn,
  ],
  spec,
  status,
}
