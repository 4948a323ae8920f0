import { annotation } from './annotations.ts'
import { idleLabelOf, type IdleLabel } from './idle.ts'

const keys = {
  scaling: annotation('scaling'),
  mode: annotation('mode'),
  demand: annotation('demand'),
  holdOn: annotation('hold-on'),
  idle: annotation('idle-label'),
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
  /** By which label pods are idle, so that they go first; of no effect but in direct mode. */
  readonly idle: IdleLabel | undefined
}

export const modeOf = (annotations: Annotations): Mode => ({
  scaling: annotations?.[keys.scaling] === 'direct' ? 'direct' : 'hpa',
  demand: annotations?.[keys.demand] === 'sum' ? 'sum' : 'max',
  holdOn: (annotations?.[keys.holdOn] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
  idle: idleLabelOf(annotations?.[keys.idle] ?? ''),
})

/** Whether idle pods are to go first when it is scaled in. */
export const prefersIdle = (annotations: Annotations): boolean => {
  const { scaling, idle } = modeOf(annotations)
  return scaling === 'direct' && idle !== undefined
}

/** Whether it is only decided on and recorded, and nothing is written. */
export const isShadow = (annotations: Annotations): boolean => annotations?.[keys.mode] === 'shadow'
