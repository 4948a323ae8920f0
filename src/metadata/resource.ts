import { optional, text, type Fields } from './fields.ts'

/** What a trigger type is told, whoever acts on it. */
export interface DescribedTrigger {
  readonly type: string
  readonly doc: string
  readonly fields: Fields
}

const resource = (type: string, unit: string, amount: string): DescribedTrigger => ({
  type,
  doc: `Scales on the ${type} that the pods use, by metrics.k8s.io: the HPA does, or, with \`ebb.dev/scaling: direct\`, Ebb by the rules of the HPA. It cannot wake a workload from zero, nor send it there.`,
  fields: {
    value: text({
      doc: `With \`metricType: Utilization\` whole percent of the ${type} requested, with \`AverageValue\` ${unit} per pod, as \`${amount}\`.`,
    }),
    containerName: optional(
      text({
        doc: 'Only what the container of this name uses, of whole pods where it is not given.',
      }),
    ),
  },
})

/** Triggers by what pods use, which no scaler asks for, in alphabetical order; `core/resource-trigger.ts` has their rules. */
export const resourceTypes: readonly DescribedTrigger[] = [
  resource('cpu', 'cores', '500m'),
  resource('memory', 'bytes', '200Mi'),
]
