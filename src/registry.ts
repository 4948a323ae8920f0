import { scalers } from '../scalers/index.ts'
import { failure } from './errors.ts'
import { resourceTypes, type DescribedTrigger } from './metadata/resource.ts'
import type { AnyScaler } from './scaler.ts'

/** Trigger types there is a scaler for, in alphabetical order. */
export const types: readonly string[] = scalers.map(({ type }) => type)

/** The scaler of a trigger type, imported when first asked for. Fails with TRIGGER_UNKNOWN. */
export async function load(type: string): Promise<AnyScaler> {
  const entry = scalers.find((scaler) => scaler.type === type)
  if (!entry) throw failure('TRIGGER_UNKNOWN', { type, known: types })
  return entry.load()
}

/** Trigger types whose metadata Ebb knows: those of scalers, and those it passes on to the HPA. In alphabetical order. */
export const describedTypes: readonly string[] = [
  ...types,
  ...resourceTypes.map(({ type }) => type),
].sort()

/** What a trigger of this type is told. Fails with TRIGGER_UNKNOWN. */
export const describe = async (type: string): Promise<DescribedTrigger | AnyScaler> =>
  resourceTypes.find((resource) => resource.type === type) ?? load(type)
