/** One entry of `metadata.managedFields`: who set which fields of an object. Writes through /scale carry no time. */
export interface ManagedFields {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  /** RFC 3339 */
  readonly time?: string
  readonly fieldsV1?: object
}

/** The name under which servers note what is Ebb's. */
export const ownManager = 'ebb'

/** Who wrote `spec.replicas`, in the words of managedFields. */
export interface Writer {
  /** '' where managedFields name nobody. */
  readonly manager: string
  /** `Update` or `Apply`; '' where it is not known. */
  readonly operation: string
  /** `scale`, or '' for the object itself. */
  readonly subresource: string
}

/** A writer that did not stop after Ebb had gone on from its count. */
export interface Contest extends Writer {
  /** The last instant (epoch ms) at which Ebb still leaves the replicas to it, if nobody writes until then. */
  readonly until: number
}

/** What is remembered of one writer; plain data. */
export interface Heard extends Writer {
  /** When its last write was noticed: by Ebb's clock, since managedFields do not always tell. */
  readonly at: number
  /** How long (ms) Ebb keeps off after that; 0 while it does not. */
  readonly quiet: number
}

const nobody: Writer = { manager: '', operation: '', subresource: '' }

/**
 * Who wrote the replicas as they are now; `own` where it was Ebb. Whoever changes a value by an update is its only owner, until
 * others apply the same value: so an updater goes before appliers. `nobody` where no entry can have done it.
 */
export function writerOf(entries: readonly ManagedFields[]): Writer | 'own' {
  const owners = entries.filter(ownsReplicas)
  if (owners.some(({ manager }) => manager === ownManager)) return 'own'
  const updater = owners.find(({ operation }) => operation !== 'Apply')
  // a kind may keep its replicas elsewhere in the spec, and an owner that lets go of them leaves no trace but its time
  const one = updater ?? newest(owners) ?? newest(entries.filter(writesSpec))
  if (one === undefined) return nobody
  const { manager = '', operation = '', subresource = '' } = one
  return manager === ownManager ? 'own' : { manager, operation, subresource }
}

function ownsReplicas({ subresource = '', fieldsV1 }: ManagedFields): boolean {
  if (subresource === 'scale') return true
  return subresource === '' && has(member(fieldsV1, 'f:spec'), 'f:replicas')
}

const writesSpec = ({ subresource = '', fieldsV1 }: ManagedFields): boolean =>
  subresource === '' && has(fieldsV1, 'f:spec')

const has = (value: unknown, key: string): boolean => member(value, key) !== undefined

/** What servers send is not known further. */
const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined

/** RFC 3339 in UTC, as servers write it, sorts by time. */
const newest = (entries: readonly ManagedFields[]): ManagedFields | undefined =>
  entries.reduce<ManagedFields | undefined>(
    (last, one) => (last === undefined || (one.time ?? '') > (last.time ?? '') ? one : last),
    undefined,
  )

const minute = 60_000
/** A second write of the same manager within this time is no accident. */
export const patience = 5 * minute
const longest = 60 * minute
/** How many writers are remembered. */
const most = 8

/** Somebody wrote the replicas. A second write within five minutes, or one within an hour after Ebb had kept off and gone on, is a contest. */
export function heardAfter(heard: readonly Heard[], writer: Writer, now: number): readonly Heard[] {
  const known = heard.find(({ manager }) => manager === writer.manager)
  const goesOn =
    known !== undefined && now - known.at <= (known.quiet === 0 ? patience : known.quiet + longest)
  const quiet = goesOn ? Math.min(Math.max(2 * known.quiet, patience), longest) : 0
  const others = heard.filter((one) => one !== known)
  return [...others, { ...writer, at: now, quiet }].slice(-most)
}

/** The writer whom Ebb leaves the replicas to now. */
export function contestOf(heard: readonly Heard[], now: number): Contest | undefined {
  const one = heard.find(({ at, quiet }) => quiet > 0 && now <= at + quiet)
  if (one === undefined) return undefined
  const { manager, operation, subresource, at, quiet } = one
  return { manager, operation, subresource, until: at + quiet }
}

/** Somebody wrote while Ebb keeps off: whoever it was, the time begins anew. */
export const heardAgain = (heard: readonly Heard[], now: number): readonly Heard[] =>
  heard.map((one) => (one.quiet > 0 && now <= one.at + one.quiet ? { ...one, at: now } : one))

/** The writer in one phrase. */
export function nameOf({ manager, operation, subresource }: Writer): string {
  if (manager === '') return 'somebody (its managedFields name nobody, or Ebb may not get it)'
  const how = [operation, subresource].filter((word) => word !== '').join(' of ')
  const isHpa = manager === 'kube-controller-manager' && subresource === 'scale'
  const whose = isHpa ? ', for a HorizontalPodAutoscaler' : ''
  return `${manager.slice(0, 128)}${how === '' ? '' : ` (${how}${whose})`}`
}
