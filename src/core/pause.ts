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
const largest = 2 ** 31 - 1

type Annotations = Readonly<Record<string, string>> | undefined

/** A boolean annotation counts as true unless it says false in Go's words, so `paused: ""` pauses (0.2). */
function isSet(annotations: Annotations, name: string): boolean {
  const text = annotations?.[prefix + name]
  return text !== undefined && !falseWords.includes(text)
}

/** Reads the annotations of a ScaledObject. */
export function pauseOf(annotations: Annotations): Pause {
  const text = annotations?.[`${prefix}paused-replicas`]
  const replicas = text === undefined ? undefined : countOf(text)
  const whole = text !== undefined || isSet(annotations, 'paused')
  return {
    paused: whole
      ? 'both'
      : partly(isSet(annotations, 'paused-scale-in'), isSet(annotations, 'paused-scale-out')),
    whole,
    replicas,
    forced: isSet(annotations, 'force-activation'),
    problem:
      text === undefined || replicas !== undefined
        ? undefined
        : `annotation ${prefix}paused-replicas must be a whole number, not "${text.slice(0, 40)}"`,
  }
}

/** A ScaledJob knows `paused` and none of the others. */
export const isJobPaused = (annotations: Annotations): boolean => isSet(annotations, 'paused')

const countOf = (text: string): number | undefined =>
  /^\+?\d+$/.test(text) && Number(text) <= largest ? Number(text) : undefined

function partly(scaleIn: boolean, scaleOut: boolean): Pause['paused'] {
  if (scaleIn && scaleOut) return 'both'
  if (scaleIn) return 'in'
  return scaleOut ? 'out' : 'no'
}
