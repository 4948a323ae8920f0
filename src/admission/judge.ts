import { crds } from '../crds/crds.ts'
import { first, misfits, type Shape } from '../crds/conform.ts'
import type { Hidden } from '../metadata/inspect.ts'
import type {
  LimitRange,
  ScaledJob,
  ScaledObject,
  TriggerAuthentication,
  TriggerSpec,
} from '../resources.ts'
import { annotationProblems } from './annotations.ts'
import { authenticationProblems, limitProblems } from './authentication.ts'
import { givenBy, nothingGiven, unsupportedProblems } from './credentials.ts'
import { type Described, metadataProblems, typeProblems } from './metadata.ts'
import { neighbourProblems, type Neighbours } from './neighbours.ts'
import { fieldText, type Path, type Problem } from './problem.ts'
import { usesModifiers } from '../core/modifiers.ts'
import { scaledJobProblems } from './scaledjob.ts'
import { scaledObjectProblems } from './scaledobject.ts'
import { type Measured, usageProblems } from './usage.ts'

/** The kinds there are rules for. */
export const judgedKinds = [
  'ScaledObject',
  'ScaledJob',
  'TriggerAuthentication',
  'ClusterTriggerAuthentication',
] as const
export type JudgedKind = (typeof judgedKinds)[number]

/** What the rules may look at beside the object. Whatever is not known is undefined, and is then not held against it. */
export interface Facts {
  readonly neighbours: Neighbours | undefined
  readonly target: Measured
  /** False on a dry run: the rules that look at the target are left out, as in KEDA. */
  readonly judgesTarget: boolean
  readonly limits: Iterable<LimitRange>
  /** Trigger types there is a scaler for. */
  readonly types: readonly string[]
  readonly scaler: (type: string) => Described | undefined
  readonly authentication: (kind: string, name: string) => TriggerAuthentication | undefined
}

/** So many problems say enough. */
const most = 50

const schemas = (): ReadonlyMap<string, Shape> =>
  new Map(
    crds().map(({ spec }) => [spec.names.kind, spec.versions[0]?.schema.openAPIV3Schema ?? {}]),
  )

/** A judge of objects of the four kinds. */
export interface Judge {
  /**
   * Total: whatever the value is, it ends in problems. What does not have the form of its kind is judged by nothing else,
   * except where only quotes are missing.
   */
  judge(kind: JudgedKind, object: unknown, facts: Facts): readonly Problem[]
}

/** Makes the schemas once. */
export function createJudge(): Judge {
  const known = schemas()
  return {
    judge(kind, object, facts) {
      const formal = formProblems(object, known.get(kind) ?? {})
      if (formal.length === most || !formal.every(isUnquoted)) return formal
      const quoted = formal.length > 0 ? withQuotes(object, formal) : object
      const said = new Set(formal.map(({ path }) => fieldText(path)))
      const rules = ruleProblems(kind, quoted, facts).filter((p) => !said.has(fieldText(p.path)))
      return [...formal, ...rules].slice(0, most)
    },
  }
}

/** Nobody has more triggers than that, and each takes time and room to be judged. */
const mostTriggers = 1_000

function withFewTriggers<T extends ScaledObject | ScaledJob>(object: T): T {
  // a ScaledJob may come without a spec
  const spec = (object as { readonly spec?: T['spec'] }).spec
  if (!spec || spec.triggers.length <= mostTriggers) return object
  return { ...object, spec: { ...spec, triggers: spec.triggers.slice(0, mostTriggers) } }
}

/** A number or a boolean among a trigger's metadata: what is meant by it is plain. */
const isUnquoted = ({ path, message }: Problem): boolean =>
  path.length === 5 &&
  path[1] === 'triggers' &&
  path[3] === 'metadata' &&
  message.endsWith(unquoted)

function withQuotes(object: unknown, where: readonly Problem[]): unknown {
  // of the form that the schema asks for, up to the values at these places
  const copy: unknown = structuredClone(object)
  for (const { path } of where) {
    const metadata = valueAt(copy, path.slice(0, -1))
    const key = path.at(-1)
    if (typeof metadata === 'object' && metadata !== null && key !== undefined)
      Reflect.set(metadata, key, String(Reflect.get(metadata, key)))
  }
  return copy
}

function formProblems(object: unknown, schema: Shape): readonly Problem[] {
  const named = { ...schema, properties: { ...schema.properties, metadata: metadataShape } }
  const required = [...(schema.required ?? []), 'metadata']
  return first(misfits(object, { ...named, required }), most).map(({ path, why }) => ({
    path,
    rule: 'structure',
    weight: 'refused',
    message: `${fieldText(path) || 'the object'} ${why}${hint(valueAt(object, path), why)}`,
  }))
}

const unquoted = ': write it in quotes'

/** YAML takes 5, true and yes for other things than text. */
const hint = (value: unknown, why: string): string =>
  why === 'must be of type string' && ['number', 'boolean'].includes(typeof value) ? unquoted : ''

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (here, step) =>
      typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined,
    value,
  )

const words: Shape = { type: 'object', additionalProperties: { type: 'string' } }
const metadataShape: Shape = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    labels: words,
    annotations: words,
  },
}

function ruleProblems(kind: JudgedKind, object: unknown, facts: Facts): readonly Problem[] {
  // Each has the form that the schema of its kind gives it, which is what these types say of it.
  if (kind === 'ScaledObject') return ofScaledObject(withFewTriggers(object as ScaledObject), facts)
  if (kind === 'ScaledJob') return ofScaledJob(withFewTriggers(object as ScaledJob), facts)
  const { metadata, spec } = object as TriggerAuthentication
  return [
    ...authenticationProblems(spec),
    ...limitProblems(metadata),
    ...unsupportedProblems(spec, kind),
    ...annotationProblems(metadata.annotations ?? {}, kind),
  ]
}

const ofScaledObject = (object: ScaledObject, facts: Facts): readonly Problem[] => [
  ...scaledObjectProblems(named(object)),
  ...(facts.neighbours ? neighbourProblems(named(object), facts.neighbours) : []),
  ...(facts.judgesTarget ? usageProblems(object, facts.target, facts.limits) : []),
  ...object.spec.triggers.flatMap((trigger, index) =>
    ofTrigger(trigger, index, facts, {
      composed: String(usesModifiers(object.spec.advanced?.scalingModifiers)),
    }),
  ),
]

/** KEDA's definition lets a ScaledJob in that has no spec. */
function ofScaledJob(object: ScaledJob, facts: Facts): readonly Problem[] {
  const triggers: readonly TriggerSpec[] = (object as Partial<ScaledJob>).spec?.triggers ?? []
  return [
    ...scaledJobProblems(object),
    ...triggers.flatMap((trigger, index) => ofTrigger(trigger, index, facts, {})),
  ]
}

function ofTrigger(
  trigger: TriggerSpec,
  index: number,
  facts: Facts,
  workload: Readonly<Record<string, string>>,
): readonly Problem[] {
  const unknown = typeProblems(trigger, index, facts.types)
  const scaler = facts.scaler(trigger.type)
  if (unknown.length > 0 || scaler === undefined) return unknown
  return metadataProblems(trigger, index, scaler, { ...hiddenOf(trigger, facts), workload })
}

function hiddenOf({ authenticationRef: ref }: TriggerSpec, facts: Facts): Hidden {
  if (!ref?.name) return nothingGiven
  // the names of both kinds of lists are read as they stand
  return givenBy(facts.authentication(ref.kind || 'TriggerAuthentication', ref.name)?.spec)
}

/** An object that is to be named by the server has no name yet. */
const named = (object: ScaledObject): ScaledObject =>
  (object.metadata as { readonly name?: string }).name === undefined
    ? { ...object, metadata: { ...object.metadata, name: '' } }
    : object
