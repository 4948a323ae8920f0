import {
  usageCount,
  usageOf,
  type PodMeasure,
  type UsagePod,
  type UsageTarget,
} from '../../src/core/usage.ts'

export const now = 1_700_000_000_000
export const second = 1_000
export const minute = 60 * second
const tenth = { down: 0.1, up: 0.1 }

export interface Row {
  readonly name?: string
  /** Thousandths of a core that it uses, and asks for; undefined means that it is not known. */
  readonly uses?: number | undefined
  readonly asks?: number | undefined
  readonly pod?: Partial<UsagePod>
  readonly measure?: Partial<PodMeasure>
}

/** Runs and is ready for an hour; a row says what is different. */
export const podOf = ({ asks = 100, pod = {} }: Row, name: string): UsagePod => ({
  name,
  phase: 'Running',
  leaving: false,
  started: now - 60 * minute,
  readiness: { status: 'True', since: now - 59 * minute },
  containers: [{ name: 'main', cpu: asks, memory: asks }],
  whole: undefined,
  ...pod,
})

const look = (wanted: UsageTarget, rows: readonly Row[]) => {
  const named = rows.map((row, i) => [row.name ?? `p${i}`, row] as const)
  const measures = named.flatMap(([name, { uses, measure }]) =>
    uses === undefined
      ? []
      : [
          [
            name,
            {
              at: now - 10 * second,
              window: 30 * second,
              containers: [{ name: 'main', cpu: uses, memory: uses }],
              ...measure,
            },
          ] as const,
        ],
  )
  const pods = named.map(([name, row]) => podOf(row, name))
  return usageOf(wanted, pods, new Map(measures), now)
}

/** The replicas it asks for, or why that is not known. */
export const counted = (wanted: UsageTarget, rows: readonly Row[], current = rows.length) => {
  const usage = look(wanted, rows)
  return usage.kind === 'missing' ? usage.message : usageCount(usage, current, tenth)
}

export const starting = (ago: number, readiness: UsagePod['readiness']): Partial<UsagePod> => ({
  started: now - ago,
  readiness,
})
export const notReady = (ago: number): UsagePod['readiness'] => ({
  status: 'False',
  since: now - ago,
})
export const readyFor = (ago: number): UsagePod['readiness'] => ({
  status: 'True',
  since: now - ago,
})
