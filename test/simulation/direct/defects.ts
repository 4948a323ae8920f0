import type { Defect } from '../defects.ts'

const direct = 'src/core/direct.ts'
const decide = 'src/core/decide.ts'
const ignorance = 'never down on ignorance'

/** What breaks where Ebb scales without an HPA. */
export const directDefects: readonly Defect[] = [
  {
    name: 'scale in by itself without a window',
    file: 'src/core/replicas.ts',
    find: 'const { replicas: stable, recommendations } = stabilized(input, state, wanted, rules)',
    replace:
      'const { recommendations } = stabilized(input, state, wanted, rules); const stable = wanted',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'begin a window with nothing',
    file: 'src/core/replicas.ts',
    find: '[{ at: now, replicas: scaled.spec }]',
    replace: '[{ at: now, replicas: 0 * scaled.spec }]',
    breaks: ignorance,
  },
  {
    name: 'scale in by itself on a failed trigger',
    file: decide,
    find: `const blind = aboveMax ? undefined : ignorance(s)`,
    replace: `const blind = aboveMax || !aboveMax ? undefined : ignorance(s)`,
    // the algorithm of the HPA does not trust it either
    also: {
      file: 'src/core/replicas.ts',
      find: 'if (missing !== undefined && (metric === undefined || most < scaled.spec))',
      replace: 'if (missing !== undefined && metric === undefined)',
    },
    breaks: ignorance,
  },
  {
    name: 'wake to one where more is asked for',
    file: direct,
    find: 'return Math.min(Math.max(1, min, ...wanted), max)',
    replace: 'return Math.min(Math.max(1, min, 0 * wanted.length), max)',
    breaks: 'bounded result',
  },
  {
    name: 'scale out by itself at any pace',
    file: 'src/core/replicas.ts',
    find: 'const top = rules ? upLimit(now, current, rules.scaleUp, state) : Math.max(2 * current, 4)',
    replace: 'const top = rules || current >= 0 ? max : 0',
    breaks: 'bounded result',
  },
  {
    name: 'scale in by itself at any pace',
    file: 'src/core/replicas.ts',
    find: 'const bottom = rules ? downLimit(now, current, rules.scaleDown, state) : min',
    replace: 'const bottom = rules && current < 0 ? 0 : min',
    breaks: ignorance,
  },
  {
    name: 'scale in by itself while that is paused',
    file: decide,
    find: `if (blind !== undefined) return stay(blind)\n  if (s.paused === 'in') return stay('paused')\n  if (s.hold) return stay('held')\n  return { scaleTo: count`,
    replace: `if (blind !== undefined) return stay(blind)\n  return { scaleTo: count`,
    breaks: ignorance,
  },
  {
    name: 'scale out by itself while that is paused',
    file: decide,
    find: `return s.paused === 'out' ? stay('paused') : { scaleTo: count, because: 'demand-rose' }`,
    replace: `return { scaleTo: count, because: 'demand-rose' }`,
    breaks: 'bounded result',
  },
  {
    name: 'remember what was asked for before an HPA scaled',
    file: 'src/control/alone.ts',
    find: `own?.direct.forget()
        own?.foreign.forget()`,
    replace: `own?.foreign.forget()`,
    breaks: ignorance,
  },
  {
    name: 'go on against whoever else writes the replicas',
    file: 'src/core/foreign.ts',
    find: 'const quiet = goesOn ?',
    replace: 'const quiet = goesOn && now < 0 ?',
    breaks: ignorance,
  },
  {
    name: 'leave the HPA when Ebb scales by itself',
    file: 'src/control/own-hpa.ts',
    find: `  await letGo(loop)
  loop.standing.named(undefined)`,
    replace: '  loop.standing.named(undefined)',
    breaks: 'comes right',
  },
]
