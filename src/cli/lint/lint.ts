import { crds } from '../../crds/crds.ts'
import { first, type Shape, strangers } from '../../crds/conform.ts'
import { nearest } from '../../core/nearest.ts'
import { createJudge, type Facts, type JudgedKind, judgedKinds } from '../../admission/judge.ts'
import type { Described } from '../../admission/metadata.ts'
import { type Autoscaler, neighboursAmong } from '../../admission/neighbours.ts'
import { fieldText, inSpec, type Path, type Problem, shown } from '../../admission/problem.ts'
import type { Measured } from '../../admission/usage.ts'
import type {
  LimitRange,
  Resource,
  ScaledObject,
  TriggerAuthentication,
  TriggerSpec,
  Workload,
} from '../../resources.ts'
import type { Placed } from '../documents.ts'

/** One line of what `ebb lint` says. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly kind: string
  readonly name: string
  /** `spec.triggers[0].metadata.queueName` */
  readonly field: string
  readonly weight: Problem['weight']
  readonly rule: string
  readonly message: string
}

export interface LintSource {
  readonly types: readonly string[]
  readonly load: (type: string) => Promise<Described>
}

interface Item {
  readonly placed: Placed
  readonly object: Resource & { readonly kind: string; readonly apiVersion: string }
}

/** Checks all objects together, as if they were applied together; whatever is not among them is taken for good. */
export async function lint(
  placed: readonly Placed[],
  { types, load }: LintSource,
): Promise<readonly Finding[]> {
  const items = placed.flatMap((one) =>
    isObject(one.value) ? [{ placed: one, object: one.value }] : [],
  )
  const scalers = new Map<string, Described>()
  for (const type of new Set(items.flatMap(({ object }) => triggersOf(object).map((t) => t.type))))
    if (types.includes(type)) scalers.set(type, await load(type))
  const judge = createJudge()
  return [
    ...placed.filter(({ value }) => !isObject(value) && isOurs(value)).map(formless),
    ...items.flatMap((item) =>
      problemsOf(item, items, { types, scalers }, judge).map((problem) => finding(item, problem)),
    ),
  ]
}

interface Scalers {
  readonly types: readonly string[]
  readonly scalers: ReadonlyMap<string, Described>
}

function problemsOf(
  item: Item,
  items: readonly Item[],
  known: Scalers,
  judge: ReturnType<typeof createJudge>,
): readonly Problem[] {
  const { object } = item
  const [group = ''] = object.apiVersion.split('/')
  if (group === 'eventing.keda.sh')
    return [warn(['kind'], `Ebb does not support ${shown(object.kind)}: it does nothing`)]
  const kind = judgedKinds.find((k) => k === object.kind)
  if (!kind || !['keda.sh', 'keda.k8s.io'].includes(group)) return []
  if (object.apiVersion !== 'keda.sh/v1alpha1')
    return [
      problem(
        ['apiVersion'],
        `apiVersion must be keda.sh/v1alpha1, not ${shown(object.apiVersion)}`,
      ),
    ]
  const found = judge.judge(kind, object, factsFor(object, items, known))
  return [
    ...nameProblems(object),
    ...strangerProblems(kind, object),
    ...found.map(atHome),
    ...referenceProblems(object, items),
    ...twinProblems(item, items),
  ]
}

/** A namespace may give containers their requests, which cannot be known from files. */
const atHome = (found: Problem): Problem =>
  found.rule === 'missing-requests'
    ? {
        ...found,
        weight: 'warning',
        message: `${found.message}, unless its namespace has a LimitRange that gives one`,
      }
    : found

function factsFor(object: Resource, items: readonly Item[], { types, scalers }: Scalers): Facts {
  const namespace = object.metadata.namespace ?? ''
  const here = <T>(kind: string, apiVersion: string): T[] =>
    items.flatMap(({ object: o }) =>
      o.kind === kind &&
      o.apiVersion.startsWith(apiVersion) &&
      (o.metadata.namespace ?? '') === namespace
        ? // of that kind; what is read of it is looked at with care
          [o as unknown as T]
        : [],
    )
  return {
    neighbours: neighboursAmong(
      here<ScaledObject>('ScaledObject', 'keda.sh/').filter(hasTarget),
      here<Autoscaler>('HorizontalPodAutoscaler', 'autoscaling/').filter(hasTarget),
    ),
    target: targetAmong(object, here),
    judgesTarget: true,
    limits: here<LimitRange>('LimitRange', 'v1'),
    types,
    scaler: (type) => scalers.get(type),
    authentication: (kind, name) => findAuthentication(items, kind, namespace, name),
  }
}

const hasTarget = (object: object): boolean =>
  typeof at(object, 'spec', 'scaleTargetRef', 'name') === 'string'

function targetAmong(
  object: Resource,
  here: <T>(kind: string, apiVersion: string) => T[],
): Measured {
  const ref = at(object, 'spec', 'scaleTargetRef')
  const kind = at(ref, 'kind') || 'Deployment'
  const name = at(ref, 'name')
  if (typeof kind !== 'string') return undefined
  const found = here<Workload>(kind, 'apps/v1').find((o) => o.metadata.name === name)
  const containers = at(found, 'spec', 'template', 'spec', 'containers')
  // each is an object, which is all that is counted on
  return Array.isArray(containers) && containers.every((c) => typeof c === 'object' && c !== null)
    ? { containers }
    : undefined
}

const findAuthentication = (
  items: readonly Item[],
  kind: string,
  namespace: string,
  name: string,
): TriggerAuthentication | undefined => {
  const found = items.find(
    ({ object: o }) =>
      o.kind === kind &&
      o.metadata.name === name &&
      (kind === 'ClusterTriggerAuthentication' || (o.metadata.namespace ?? '') === namespace),
  )?.object
  // of that kind, with a spec; what is read of it is looked at with care
  return isTree(at(found, 'spec')) ? (found as unknown as TriggerAuthentication) : undefined
}

function referenceProblems(object: Resource, items: readonly Item[]): readonly Problem[] {
  return triggersOf(object).flatMap(({ authenticationRef: ref }, index) => {
    const name: unknown = ref?.name
    if (typeof name !== 'string' || name === '') return []
    const kind = ref?.kind || 'TriggerAuthentication'
    if (findAuthentication(items, kind, object.metadata.namespace ?? '', name)) return []
    const path = ['triggers', index, 'authenticationRef', 'name']
    const message = `${shown(kind)} ${shown(name)} is not among the files; the cluster must have it`
    return [inSpec(path, 'metadata', message, 'warning')]
  })
}

function strangerProblems(kind: JudgedKind, object: Resource): readonly Problem[] {
  const schema: Shape =
    crds().find(({ spec }) => spec.names.kind === kind)?.spec.versions[0]?.schema.openAPIV3Schema ??
    {}
  const { status: _, ...written } = { ...object, status: undefined }
  return first(strangers(written, schema), 50).map(({ path, why }) => {
    const meant = nearest(String(path.at(-1)), fieldsAt(schema, path.slice(0, -1)))
    return problem(path, `${why}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  })
}

function fieldsAt(schema: Shape, path: Path): readonly string[] {
  const inner = path.reduce<Shape | undefined>(
    (s, step) => (typeof step === 'number' ? s?.items : s?.properties?.[step]),
    schema,
  )
  return Object.keys(inner?.properties ?? {})
}

/** A type says that it is there; a file may say otherwise. */
const nameProblems = ({
  metadata,
}: {
  readonly metadata: { readonly name?: string }
}): readonly Problem[] =>
  metadata.name === undefined || metadata.name === ''
    ? [problem(['metadata', 'name'], 'metadata.name is required')]
    : []

function twinProblems({ placed, object }: Item, items: readonly Item[]): readonly Problem[] {
  const { kind, metadata } = object
  const first = items.find(
    ({ object: o }) =>
      o.kind === kind &&
      o.metadata.name === metadata.name &&
      (o.metadata.namespace ?? '') === (metadata.namespace ?? ''),
  )
  if (!first || first.object === object) return []
  const where = `${shown(first.placed.file)}:${first.placed.lineOf([])}`
  return placed === first.placed
    ? []
    : [
        warn(
          ['metadata', 'name'],
          `${kind} ${shown(metadata.name)} is in ${where} already; the last one applied counts`,
        ),
      ]
}

const problem = (path: Path, message: string): Problem => ({
  path,
  rule: 'structure',
  weight: 'refused',
  message,
})
const warn = (path: Path, message: string): Problem => ({
  path,
  rule: 'unsupported',
  weight: 'warning',
  message,
})

/** Whether it means to be one of the kinds that are judged. Folders hold other things than objects of a cluster. */
const isOurs = (value: unknown): boolean => {
  const version = at(value, 'apiVersion')
  const ours = typeof version === 'string' && /^keda\.(sh|k8s\.io)\//.test(version)
  return ours || judgedKinds.some((kind) => kind === at(value, 'kind'))
}

const formless = (placed: Placed): Finding => ({
  file: placed.file,
  line: placed.lineOf([]),
  kind: '',
  name: '',
  field: 'kind',
  weight: 'refused',
  rule: 'structure',
  message: 'apiVersion, kind and metadata are required, with a name that is text',
})

function finding({ placed, object }: Item, found: Problem): Finding {
  const field = fieldText(found.path)
  // the field stands before the message
  const message = found.message.startsWith(`${field} `)
    ? found.message.slice(field.length + 1)
    : found.message
  return {
    file: placed.file,
    line: placed.lineOf(found.path),
    kind: object.kind,
    name: shown(at(object, 'metadata', 'name') === undefined ? '' : object.metadata.name),
    field,
    weight: found.weight,
    rule: found.rule,
    message: shown(message, 1000),
  }
}

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value
  for (const step of path) here = isTree(here) && Object.hasOwn(here, step) ? here[step] : undefined
  return here
}

const isObject = (value: unknown): value is Item['object'] =>
  isTree(value) &&
  typeof value['kind'] === 'string' &&
  typeof value['apiVersion'] === 'string' &&
  isTree(value['metadata']) &&
  ['string', 'undefined'].includes(typeof value['metadata']['name']) &&
  ['string', 'undefined'].includes(typeof value['metadata']['namespace'])

/** Those that have the form of one, for looking at other things by them. */
const triggersOf = (object: Resource): readonly TriggerSpec[] => {
  const triggers = at(object, 'spec', 'triggers')
  return Array.isArray(triggers)
    ? triggers.map((t: unknown): TriggerSpec => ({
        type: String(at(t, 'type')),
        ...(isTree(at(t, 'authenticationRef')) && {
          // looked at part by part where it is used
          authenticationRef: at(t, 'authenticationRef') as { name?: string; kind?: string },
        }),
      }))
    : []
}
