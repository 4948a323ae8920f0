/** By which label of theirs pods are idle: one that has this value, or where none is given one that is there at all. */
export interface IdleLabel {
  readonly key: string
  readonly value: string | undefined
}

/** A pod as its label and its deletion cost stand. */
export interface ReportedPod {
  readonly name: string
  readonly ready: boolean
  readonly idle: boolean
  /** As it is written; undefined where nobody has set one. */
  readonly cost: string | undefined
  /** It is being deleted. */
  readonly leaving: boolean
}

/** What a ReplicaSet ranks the pods by that it gives up: lower goes first, absent is 0. */
export const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * The cost that Ebb gives idle pods: below whatever people write, and a number that nobody else does. That is how Ebb knows
 * what it may take back (docs/decisions/idle-pods-go-first.md).
 */
export const ownCost = '-1161970189'

const name = /^[a-z0-9A-Z](?:[\w.-]{0,61}[a-z0-9A-Z])?$/
const prefix = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

/** Reads `key` or `key=value`; undefined where it is neither, so that no pod could ever have it. */
export function idleLabelOf(text: string): IdleLabel | undefined {
  const at = text.indexOf('=')
  const key = (at < 0 ? text : text.slice(0, at)).trim()
  const value = at < 0 ? undefined : text.slice(at + 1).trim()
  const slash = key.indexOf('/')
  const named = name.test(key.slice(slash + 1)) && (slash < 0 || prefix.test(key.slice(0, slash)))
  return named && (value === undefined || value === '' || name.test(value))
    ? { key, value }
    : undefined
}

/** Whether a pod's labels say that it is idle. */
export const isIdle = (
  labels: Readonly<Record<string, string>> | undefined,
  { key, value }: IdleLabel,
): boolean =>
  labels !== undefined &&
  Object.hasOwn(labels, key) &&
  (value === undefined || labels[key] === value)

/** Whose cost is to change before `going` pods go. */
export interface CostChanges {
  /** Idle, and to go before the others. */
  readonly give: readonly string[]
  /** Busy again, with the cost that Ebb gave them. */
  readonly takeBack: readonly string[]
}

/**
 * So many idle pods are to have Ebb's cost as are about to go, and no busy one. What somebody else wrote stays; pods that are
 * not ready go first anyway.
 */
export function costChanges(pods: Iterable<ReportedPod>, going: number): CostChanges {
  const staying = [...pods].filter(({ leaving }) => !leaving)
  const own = staying.filter(({ cost }) => cost === ownCost)
  const free = staying.filter((pod) => pod.idle && pod.ready && pod.cost === undefined)
  const lacking = Math.max(0, going - own.filter(({ idle }) => idle).length)
  return {
    give: namesOf(free).slice(0, lacking),
    takeBack: namesOf(own.filter(({ idle }) => !idle)),
  }
}

/** In one order always, so that the same are chosen again by whoever has not seen yet what was written. */
const namesOf = (pods: readonly ReportedPod[]): readonly string[] =>
  pods.map((pod) => pod.name).sort()
