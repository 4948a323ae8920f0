import { int32, list, object, quantity, type Schema, text } from './schema.ts'

const rules = (direction: string): Schema =>
  object(
    `How fast to scale ${direction}.`,
    {},
    {
      stabilizationWindowSeconds: int32('How long past recommendations count, in seconds.', {
        minimum: 0,
        maximum: 3600,
      }),
      selectPolicy: text(
        'Which policy counts where several apply: Max, Min or Disabled; Max when absent.',
      ),
      policies: list(
        'Limits of the change in a span of time.',
        object('One limit.', {
          type: text('What value counts: Pods or Percent.'),
          value: int32('The change that is allowed.'),
          periodSeconds: int32('The span of time, in seconds.'),
        }),
        { 'x-kubernetes-list-type': 'atomic' },
      ),
      tolerance: quantity(
        'How far the metric may be off its target, as a ratio, before anything is done.',
      ),
    },
  )

/** The behavior of a HorizontalPodAutoscaler (autoscaling/v2). What KEDA leaves to the HPA's own validation is left to it here too. */
export const behavior: Schema = object(
  'How fast the generated autoscaler may act; passed on to it as it is.',
  {},
  { scaleUp: rules('up'), scaleDown: rules('down') },
)
