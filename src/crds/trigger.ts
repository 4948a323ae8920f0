import { choice, type Fields, flag, list, map, object, type Schema, text, time } from './schema.ts'

/** `more` are the fields that only one of the two kinds has. */
export const triggers = (more: Fields = {}): Schema =>
  list(
    'What to scale on. The workload is active while any trigger is; the largest demand counts.',
    object(
      'One event source and what to ask of it.',
      {
        type: text('The kind of event source, such as azure-queue or prometheus.', {
          minLength: 1,
        }),
        metadata: map(
          'What to ask, in parameters that depend on the type. All values are strings.',
          { type: 'string' },
        ),
      },
      {
        name: text('A name for formulas and metrics, unique in this object.'),
        useCachedMetrics: flag('Answer the autoscaler with what the last poll saw.'),
        authenticationRef: object(
          'Where the parameters that are secret come from.',
          { name: text('Name of the authentication object.') },
          {
            kind: choice('Kind of the authentication object; TriggerAuthentication when absent.', [
              'TriggerAuthentication',
              'ClusterTriggerAuthentication',
            ]),
          },
        ),
        ...more,
      },
      {
        'x-kubernetes-validations': [
          {
            rule: "!has(self.useCachedMetrics) || !self.useCachedMetrics || !(self.type in ['cpu', 'memory', 'cron'])",
            message: 'useCachedMetrics is not available for cpu, memory and cron',
            fieldPath: '.useCachedMetrics',
          },
        ],
      },
    ),
    { minItems: 1 },
  )

/** What the status of ScaledObject and ScaledJob have in common. */
export const commonStatus: Fields = {
  conditions: list(
    'How it is, by condition.',
    object(
      'One condition.',
      { type: text('Name of the condition.'), status: text('True, False or Unknown.') },
      { reason: text('One word for programs.'), message: text('A sentence for people.') },
    ),
  ),
  lastActiveTime: time('When a trigger was last active.'),
  externalMetricNames: list('Names of the metrics the autoscaler asks for.', { type: 'string' }),
  triggersActivity: map(
    'Whether a trigger is active, by metric name.',
    object('One trigger.', {}, { isActive: flag('Whether it is active.') }),
  ),
  triggersTypes: text('The types of the triggers, for display.'),
  authenticationsTypes: text('The names of the authentication objects in use, for display.'),
}
