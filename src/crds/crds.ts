import { clusterTriggerAuthentication, triggerAuthentication } from './authentication.ts'
import { type CustomResourceDefinition, define } from './definition.ts'
import { scaledJob } from './scaledjob.ts'
import { scaledObject } from './scaledobject.ts'

/**
 * The definitions of KEDA's four kinds, with every field KEDA's have and never a stricter rule, so that manifests written for KEDA are
 * accepted. manifests/crds/ is generated from them; the embedded cluster prunes and defaults by them.
 */
export const crds = (): readonly CustomResourceDefinition[] =>
  [scaledObject, scaledJob, triggerAuthentication, clusterTriggerAuthentication].map(define)
