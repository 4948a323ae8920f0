/** What a ScaledObject's annotations say of pausing and forcing (keda-behaviour.md 1.8). */
export interface Pause {
  readonly paused: 'no' | 'in' | 'out' | 'both'
  /** The whole workload is paused: its HPA is taken away, so that nobody scales it. */
  readonly whole: boolean
  /** The count it is to have meanwhile; undefined to leave it as it is. */
  readonly replicas: number | undefined
  readonly forced: boolean
  /** What is wrong with an annotation. */
  readonly problem: string | undefined
}

const prefix = 'autoscaling.keda.sh/'
const falseWords = ['0', 'f', 'F', 'FALSE', 'false', 'False']

/** Reads the annotations. A boolean one counts as true unless it says false in Go's words, so `paused: ""` pauses. */
export function pauseOf(annotations: Readonly<Record<string, string>> | undefined): Pause {
  const read = (name: string): string | undefined => annotations?.[prefix + name]
  const isSet = (name: string): boolean => {
    const text = read(name)
    return text !== undefined && !falseWords.includes(text)
  }
  const count = read('paused-replicas')
  const valid = count === undefined || /^\+?\d{1,9}$/.test(count)
  const whole = count !== undefined || isSet('paused')
  return {
    paused: whole ? 'both' : partly(isSet('paused-scale-in'), isSet('paused-scale-out')),
    whole,
    replicas: count !== undefined && valid ? Number(count) : undefined,
    forced: isSet('force-activation'),
    problem: valid
      ? undefined
      : `annotation ${prefix}paused-replicas must be a whole number, not "${count}"`,
  }
}

function partly(scaleIn: boolean, scaleOut: boolean): Pause['paused'] {
  if (scaleIn && scaleOut) return 'both'
  if (scaleIn) return 'in'
  return scaleOut ? 'out' : 'no'
}
