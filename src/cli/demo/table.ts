import type { WorkloadView } from '../../control/insight.ts'
import { explain } from '../../core/reasons.ts'
import { duration } from '../../core/words.ts'
import { age, amount, time } from '../../serve/dashboard/words.ts'
import type { Step } from './steps.ts'
import { bold, clip, dim, type Line, pad, plain, styled, wrap } from './text.ts'

/** What one frame shows; all of it is given, nothing is worked out here but the layout. */
export interface Scene {
  readonly now: number
  readonly started: number
  readonly views: readonly WorkloadView[]
  readonly steps: readonly Step[]
  /** Lines about where the page is and what can be done next. */
  readonly hints: readonly (readonly [name: string, text: string])[]
}

const bar = (replicas: number, max: number): Line =>
  max > 20
    ? []
    : [
        plain('  '),
        styled('cyan', '■'.repeat(Math.min(replicas, max))),
        dim('·'.repeat(Math.max(0, max - replicas))),
      ]

function replicasOf(view: WorkloadView): Line {
  const max = view.situation?.max
  const count = view.replicas ?? 0
  return [
    bold(amount(view.replicas).padStart(4)),
    dim(max === undefined ? '' : ` of ${max}`),
    ...(max === undefined ? [] : bar(count, max)),
  ]
}

function triggersOf(view: WorkloadView, now: number): readonly Line[] {
  return (view.situation?.triggers ?? []).map((trigger) => {
    const read = trigger.at === undefined ? 'not read yet' : `read ${age(now - trigger.at)}`
    const head: Line = [
      plain(`    ${trigger.type}  `),
      bold(amount(trigger.value)),
      dim(` / ${amount(trigger.target)}  `),
      styled(trigger.state === 'active' ? 'green' : 'gray', trigger.state),
      dim(`  ${read}`),
    ]
    return trigger.error === undefined ? head : [...head, styled('red', `  ${trigger.error}`)]
  })
}

function whyOf(view: WorkloadView): string {
  if (view.ready.status !== 'True' && view.ready.message !== '') return view.ready.message
  return view.decision && view.situation
    ? explain(view.situation, view.decision)
    : 'no decision yet'
}

const block = (view: WorkloadView, now: number, width: number): readonly Line[] => [
  [styled('cyan', '  ● '), bold(pad(`${view.namespace}/${view.name}`, 24)), ...replicasOf(view)],
  ...triggersOf(view, now),
  ...wrap(whyOf(view), Math.max(20, width - 6)).map((text): Line => [plain(`    ${text}`)]),
]

const stepIndent = 21

/** A step with its reason in full, on as many lines as that takes. */
function stepLines(step: Step, many: boolean, width: number): readonly Line[] {
  const why = many ? `${step.workload}: ${step.why}` : step.why
  const [first = '', ...rest] = wrap(why, Math.max(20, width - stepIndent))
  return [
    [
      dim(`  ${time(step.at)}  `),
      bold(pad(`${step.from} → ${step.to}`, stepIndent - 12)),
      plain(first),
    ],
    ...rest.map((text): Line => [plain(' '.repeat(stepIndent) + text)]),
  ]
}

const hintLine = ([name, text]: readonly [string, string]): Line => [
  dim(`  ${pad(name, 10)}`),
  plain(text),
]

/** The whole picture, no line wider than `width` and no more lines than `height`: old steps give way first. */
export function frame(scene: Scene, width: number, height: number): readonly Line[] {
  const head: readonly Line[] = [
    [bold('Ebb demo'), dim(`  ${duration(scene.now - scene.started)}`)],
    ...scene.hints.map(hintLine),
    [],
    ...scene.views.flatMap((view) => block(view, scene.now, width)),
    [],
  ]
  const room = Math.max(0, height - head.length)
  const steps = scene.steps
    .flatMap((step) => stepLines(step, scene.views.length > 1, width))
    .slice(room === 0 ? Infinity : -room)
  return [...head, ...steps].slice(0, height).map((line) => clip(line, width))
}

/** One step as a line of a log, for output that is not a terminal. */
export const stepText = (step: Step): string =>
  `${time(step.at)}  ${step.workload}  ${step.from} -> ${step.to}  ${step.why}`
