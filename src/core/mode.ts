import { annotation } from './annotations.ts'

const keys = {
  scaling: annotation('scaling'),
  mode: annotation('mode'),
  demand: annotation('demand'),
  holdOn: annotation('hold-on'),
}

type Annotations = Readonly<Record<string, string>> | undefined

/** What Ebb's own annotations of a ScaledObject say. Values that mean nothing count as absent; admission names them. */
export interface Mode {
  /** Who scales between 1 and max: a generated HPA, or Ebb itself. */
  readonly scaling: 'hpa' | 'direct'
  /** How the demands of several triggers are taken together. */
  readonly demand: 'max' | 'sum'
  /** Names of triggers that can keep replicas and never add any. */
  readonly holdOn: readonly string[]
}

export const modeOf = (annotations: Annotations): Mode => ({
  scaling: annotations?.[keys.scaling] === 'direct' ? 'direct' : 'hpa',
  demand: annotations?.[keys.demand] === 'sum' ? 'sum' : 'max',
  holdOn: (annotations?.[keys.holdOn] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
})

/** Whether it is only decided on and recorded, and nothing is written. */
export const isShadow = (annotations: Annotations): boolean => annotations?.[keys.mode] === 'shadow'
