/** A ScaledObject and a ScaledJob may have one name: nothing but the kind tells them apart. */
export type WorkloadKind = (typeof workloadKinds)[number]

/** In the order in which they are looked for where no kind is said. */
export const workloadKinds = ['ScaledObject', 'ScaledJob'] as const
