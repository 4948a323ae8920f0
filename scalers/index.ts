import type { AnyScaler } from '../src/scaler.ts'

/** A scaler by its trigger type, imported when the first workload uses it. */
export interface ScalerEntry {
  readonly type: string
  load(): Promise<AnyScaler>
}

/** Every scaler there is, in alphabetical order. */
export const scalers: readonly ScalerEntry[] = [
  { type: 'azure-queue', load: async () => (await import('./azure-queue/index.ts')).azureQueue },
  { type: 'cron', load: async () => (await import('./cron/index.ts')).cron },
  {
    type: 'kubernetes-workload',
    load: async () => (await import('./kubernetes-workload/index.ts')).kubernetesWorkload,
  },
  { type: 'prometheus', load: async () => (await import('./prometheus/index.ts')).prometheus },
]
