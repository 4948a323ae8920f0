import { nearest } from '../core/nearest.ts'
import { isResourceTrigger } from '../core/names.ts'
import { resourceProblems } from '../core/resource-trigger.ts'
import type { Fields } from '../metadata/fields.ts'
import { type Hidden, inspect } from '../metadata/inspect.ts'
import { unknownKeys } from '../metadata/schema.ts'
import type { TriggerSpec } from '../resources.ts'
import { inSpec, type Problem, shown } from './problem.ts'

/** What a scaler says of its parameters. */
export interface Described {
  readonly type: string
  readonly fields: Fields
  // oxlint-disable-next-line typescript/no-explicit-any -- as in AnyScaler: each scaler checks its own parameters
  readonly check?: ((m: any) => readonly string[]) | undefined
}

/** Looking for what was meant takes time, which hostile metadata must not take. */
const mostUnknown = 20

/** What is wrong with the metadata of a trigger, as far as can be known without the cluster. */
export function metadataProblems(
  trigger: TriggerSpec,
  index: number,
  { type, fields, check }: Described,
  hidden: Hidden,
): readonly Problem[] {
  const { metadata = {} } = trigger
  const at = (key: string): readonly (string | number)[] =>
    Object.hasOwn(metadata, key)
      ? ['triggers', index, 'metadata', key]
      : ['triggers', index, 'metadata']
  const wrong = isResourceTrigger(type)
    ? resourceProblems(trigger)
    : inspect(fields, metadata, hidden, check)
  // what a resource trigger must not have is wrong already
  const idle = unknownKeys(fields, metadata).filter((key) => wrong.every((one) => one.key !== key))
  const known = Object.entries(fields).flatMap(([name, { aliases, from }]) =>
    [name, ...aliases].flatMap((key) => [
      ...(from.includes('trigger') ? [key] : []),
      ...(from.includes('env') ? [`${key}FromEnv`] : []),
    ]),
  )
  return [
    ...wrong.map(({ key, problem }) => {
      const path = key === 'metricType' ? ['triggers', index, key] : at(key)
      return inSpec(path, 'metadata', `trigger ${type}: ${problem}`, 'broken')
    }),
    ...idle.slice(0, mostUnknown).map((key) => {
      const meant = nearest(key, known)
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`
      const message = `trigger ${type} has no parameter ${shown(key)}, so it does nothing${hint}`
      return inSpec(at(key), 'metadata', message, 'warning')
    }),
  ]
}

/** A trigger type that Ebb has no scaler for. */
export function typeProblems(
  { type }: TriggerSpec,
  index: number,
  types: readonly string[],
): readonly Problem[] {
  if (types.includes(type) || isResourceTrigger(type)) return []
  const meant = nearest(type, types)
  const hint = meant === undefined ? `Ebb has ${types.join(', ')}` : `did you mean ${meant}?`
  return [
    inSpec(
      ['triggers', index, 'type'],
      'unsupported',
      `no scaler for trigger type "${shown(type)}"; ${hint}`,
      'broken',
    ),
  ]
}
