import { jobStem } from './job-list.ts'
import { copiedLabels, ownLabels } from './names.ts'

/** The label by which Jobs, and their pods, are found to belong to a ScaledJob. */
export const jobNameLabel = 'scaledjob.keda.sh/name'
/** The annotation that says by which version of the ScaledJob a Job was made. */
export const jobGeneration = 'scaledjob.keda.sh/generation'
const excludedLabels = 'scaledjob.keda.sh/job-excluded-labels'

type Texts = Readonly<Record<string, string>>

/** What a Job is made of. */
export interface JobSource {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly generation?: number
    readonly labels?: Texts
    readonly annotations?: Texts
  }
  readonly spec: { readonly jobTargetRef: object }
}

/** The label's value: the name, or where that is longer than a value may be, the stem of its Jobs' names. */
export const labelOfJobs = (scaledJob: string): string =>
  scaledJob.length > 63 ? jobStem(scaledJob) : scaledJob

/** As much of a Job's spec as is changed. */
interface Spec {
  readonly template?: {
    readonly metadata?: { readonly labels?: Texts }
    readonly spec?: { readonly restartPolicy?: string }
  }
}

/**
 * A Job as KEDA makes it (keda-behaviour.md 1.10, 5.4), under its own name. The label and the annotation that say whose it is
 * hold whatever the ScaledJob's own say: without them a Job would be lost sight of, or deleted by every rollout.
 */
export function jobOf(source: JobSource, name: string, version: string): JobObject {
  const { name: owner, namespace, uid = '', generation, labels, annotations } = source.metadata
  // the definition of ScaledJobs gives it this form
  const spec = source.spec.jobTargetRef as Spec
  const label = { [jobNameLabel]: labelOfJobs(owner) }
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...ownLabels(owner, owner, version),
        ...copiedLabels(labels, annotations?.[excludedLabels]),
        ...label,
      },
      annotations: { ...annotations, [jobGeneration]: String(generation ?? 0) },
      ownerReferences: [
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledJob',
          name: owner,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...spec,
      template: {
        ...spec.template,
        metadata: {
          ...spec.template?.metadata,
          labels: { ...spec.template?.metadata?.labels, ...label },
        },
        spec: {
          ...spec.template?.spec,
          restartPolicy: spec.template?.spec?.restartPolicy || 'OnFailure',
        },
      },
    },
  }
}

export interface JobObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels: Texts
    readonly annotations: Texts
    readonly ownerReferences: readonly {
      readonly apiVersion: string
      readonly kind: string
      readonly name: string
      readonly uid: string
      readonly controller: boolean
      readonly blockOwnerDeletion: boolean
    }[]
  }
  readonly spec: object
}
