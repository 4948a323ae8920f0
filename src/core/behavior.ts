/** One limit on the pace of scaling: at most `value` pods or percent within `periodSeconds`. */
export interface Policy {
  readonly type: string
  readonly value: number
  readonly periodSeconds: number
}

/** How an HPA may move in one direction, as autoscaling/v2 writes it; what is absent has a default. */
export interface Rules {
  readonly stabilizationWindowSeconds?: number
  readonly selectPolicy?: string
  readonly policies?: readonly Policy[]
  readonly tolerance?: string | number
}

export interface Behavior {
  readonly scaleUp?: Rules
  readonly scaleDown?: Rules
}

const up: Rules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}

/** No window here: where none is given, the controller's own flag decides at run time. */
const down: Rules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

/** The behavior with what the API server fills in (autoscaling/v2): whole directions or single fields, policies never merged. */
export const completeBehavior = (
  behavior: Behavior,
): { readonly scaleUp: Rules; readonly scaleDown: Rules } => ({
  scaleUp: fill(up, behavior.scaleUp),
  scaleDown: fill(down, behavior.scaleDown),
})

function fill(defaults: Rules, given: Rules | undefined): Rules {
  const set = Object.entries(given ?? {}).filter(([, v]) => v !== undefined && v !== null)
  return { ...defaults, ...Object.fromEntries(set) }
}
