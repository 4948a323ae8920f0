import type { WorkloadView } from '../../control/insight.ts'
import { explain } from '../../core/reasons.ts'
import { time } from '../../serve/dashboard/words.ts'
import { openScreen } from './screen.ts'
import type { Step } from './steps.ts'
import { frame, type Scene, stepText } from './table.ts'
import { bold, dim, type Line, plain, styled } from './text.ts'

/** How the demo tells its story: a picture drawn over and over on a terminal, lines elsewhere. */
export interface Show {
  /** One thing of the start has begun; the one before it is done. */
  starting(what: string): void
  /** Something to know that is no step; stays visible. */
  note(text: string): void
  scene(scene: Scene): void
  close(): void
}

const progress = (done: readonly string[], current: string | undefined): readonly Line[] => [
  [bold('Ebb demo'), dim('  starting')],
  ...done.map((what): Line => [styled('green', '  ✓ '), plain(what)]),
  ...(current === undefined ? [] : [[dim('  … '), plain(current)] satisfies Line]),
]

function onTerminal(stream: NodeJS.WriteStream): Show {
  const screen = openScreen(stream)
  const done: string[] = []
  const notes: (readonly [string, string])[] = []
  let current: string | undefined
  return {
    starting(what) {
      if (current !== undefined) done.push(current)
      current = what
      screen.draw(progress(done, current))
    },
    note(text) {
      notes.push(['note', text])
    },
    scene(scene) {
      const hints = [...scene.hints, ...notes]
      screen.draw(frame({ ...scene, hints }, screen.width, screen.height))
    },
    close: () => screen.close(),
  }
}

interface Said {
  readonly at: number
  readonly text: string
}

/** New ledger records that changed nothing, as lines; those that did are steps. */
const staysOf = (view: WorkloadView, after: number): readonly Said[] =>
  view.records
    .filter(({ firstAt, write }) => firstAt > after && write.kind !== 'scaled')
    .map(({ firstAt, situation, decision, write }) => {
      const failed = write.kind === 'failed' ? `; writing it: ${write.error}` : ''
      const why = `${explain(situation, decision)}${failed}`
      const who = `${view.namespace}/${view.name}`
      return { at: firstAt, text: `${time(firstAt)}  ${who}  stays ${situation.replicas}  ${why}` }
    })

function asLines(stream: NodeJS.WriteStream): Show {
  const say = (text: string): void => void stream.write(`${text}\n`)
  const seen = new Map<string, number>()
  let told: Step | undefined
  let hinted = false

  const newStays = (view: WorkloadView): readonly Said[] => {
    const key = `${view.namespace}/${view.name}`
    const stays = staysOf(view, seen.get(key) ?? 0)
    seen.set(key, view.records.at(-1)?.firstAt ?? 0)
    return stays
  }
  const newSteps = (steps: readonly Step[]): readonly Said[] => {
    const fresh = steps.slice(told === undefined ? 0 : steps.lastIndexOf(told) + 1)
    told = steps.at(-1)
    return fresh.map((step) => ({ at: step.at, text: stepText(step) }))
  }
  return {
    starting: (what) => say(`starting: ${what}`),
    note: say,
    scene({ views, steps, hints }) {
      if (!hinted) for (const [name, text] of hints) say(`${name}: ${text}`)
      hinted = true
      const said = [...newSteps(steps), ...views.flatMap(newStays)]
      for (const { text } of said.sort((a, b) => a.at - b.at)) say(text)
    },
    close() {},
  }
}

export const openShow = (stream: NodeJS.WriteStream): Show =>
  stream.isTTY && process.env['TERM'] !== 'dumb' ? onTerminal(stream) : asLines(stream)
