import type { Defect } from '../defects.ts'

const demand = 'src/core/demand.ts'
const composite = 'src/core/composite.ts'
const ignorance = 'never down on ignorance'

/** What breaks where replicas are asked for in another way than by each trigger for itself. */
export const wayDefects: readonly Defect[] = [
  {
    name: 'let what only holds add replicas',
    file: demand,
    find: 'reading: holds ? capped(input, target, metricType, reading) : reading,',
    replace: 'reading: holds ? reading : reading,',
    breaks: ignorance,
  },
  {
    name: 'wake for what only holds',
    file: 'src/core/decide.ts',
    find: '!(s.holdOn.length > 0 && s.holdOn.includes(t.metric) && isResting(s))',
    replace: '!(s.holdOn.length < 0 && isResting(s))',
    breaks: 'bounded result',
  },
  {
    name: 'round each part of a sum down',
    file: demand,
    find: 'const wanted = Math.ceil(reading.value / target)',
    replace: 'const wanted = Math.floor(reading.value / target)',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'add up what can be read',
    file: demand,
    find: "return sumOffer({ kind: 'failed', why: `${metric}: ${reading.why}` })",
    replace: 'continue',
    breaks: ignorance,
  },
  {
    name: 'compute a formula without what cannot be read',
    file: composite,
    find: "const failing = read.filter((v) => v.facts.state === 'failing').map((v) => v.facts.metric)",
    replace: 'const failing: string[] = []',
    also: {
      file: composite,
      find: 'const unread = read.filter((v) => !isKnown(v.facts)).map((v) => v.facts.metric)',
      replace: 'const unread: string[] = []',
    },
    breaks: ignorance,
  },
  {
    name: 'wake at the activationTarget of a formula, not above it',
    file: composite,
    find: 'value > input.modifiers.activationTarget',
    replace: 'value >= input.modifiers.activationTarget',
    breaks: 'comes right',
  },
]
