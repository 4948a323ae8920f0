import { scalers } from '../scalers/index.ts'
import { failure } from './errors.ts'
import type { AnyScaler } from './scaler.ts'

/** Trigger types there is a scaler for, in alphabetical order. */
export const types: readonly string[] = scalers.map(({ type }) => type)

/** The scaler of a trigger type, imported when first asked for. Fails with TRIGGER_UNKNOWN. */
export async function load(type: string): Promise<AnyScaler> {
  const entry = scalers.find((scaler) => scaler.type === type)
  if (!entry) throw failure('TRIGGER_UNKNOWN', { type, known: types })
  return entry.load()
}
