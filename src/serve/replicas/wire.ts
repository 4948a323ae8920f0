import * as z from 'zod'
import { workloadKinds } from '../../core/workload-kinds.ts'

/** What replicas of Ebb ask of the one that leads. Versioned, since during an update they are not all the same. */
const base = '/ebb/replicas/v1'

export const readingPath = `${base}/readings/:namespace/:name/:metric`
export const workloadPath = `${base}/workloads/:namespace/:name`
export const workloadsPath = `${base}/workloads`

/** A path above with its parameters filled in. */
export const pathOf = (pattern: string, params: Readonly<Record<string, string>> = {}): string =>
  pattern.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))

/** The name by which a replica asks for the certificate of Ebb's own CA, whatever certificate the listener shows to others. */
export const replicaName = (service: string, namespace: string): string =>
  `replicas.${service}.${namespace}.svc`

/** Set on the answers of a replica that is about to end: its Lease is free. */
export const leavingHeader = 'ebb-leaving'

/** Which of two workloads of one name is meant; a word that is no kind means none. */
export const kindSchema = z.object({
  kind: z.enum(workloadKinds).optional().catch(undefined),
})

/** A failure in the words of the replica that met it. */
export const failedSchema = z.object({
  failed: z.object({ code: z.string(), message: z.string(), retry: z.boolean() }),
})

export const readingSchema = z.object({
  values: z.array(z.object({ metric: z.string(), value: z.number(), at: z.number() })),
})
