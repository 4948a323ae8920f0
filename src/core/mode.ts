type Annotations = Readonly<Record<string, string>> | undefined

const own = 'ebb.dev/'

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
  scaling: annotations?.[`${own}scaling`] === 'direct' ? 'direct' : 'hpa',
  demand: annotations?.[`${own}demand`] === 'sum' ? 'sum' : 'max',
  holdOn: (annotations?.[`${own}hold-on`] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
})

/** Whether it is only decided on and recorded, and nothing is written. */
export const isShadow = (annotations: Annotations): boolean =>
  annotations?.[`${own}mode`] === 'shadow'
