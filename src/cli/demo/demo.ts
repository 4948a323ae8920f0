import type { Clock } from '../../clock.ts'
import type { Cluster } from '../../cluster.ts'
import type { Insight, WorkloadView } from '../../control/insight.ts'
import { duration } from '../../core/words.ts'
import { failure } from '../../errors.ts'
import type { Pod } from '../../resources.ts'
import type { Manifest } from '../manifests.ts'
import { apply } from './apply.ts'
import { startAzurite } from './azurite.ts'
import { stageAfter } from './cycle.ts'
import { openFolder } from './folder.ts'
import { sample, sampleQueue } from './sample.ts'
import { openShow, type Show } from './show.ts'
import { type Step, stepsOf } from './steps.ts'
import { openQueues, type Queue } from './storage.ts'
import type { Scene } from './table.ts'
import { workerProgram } from './worker.ts'

/** The cluster and the controller, as the demo uses them. */
export interface World {
  readonly cluster: Cluster
  readonly insight: Insight
  /** Where the page is. */
  readonly page: string
  /** Something about the start that the user should know, such as another port than the usual one. */
  readonly notes: readonly string[]
  stop(): Promise<void>
}

export interface WorldOptions {
  /** The page's port; undefined: the usual one, or any other while that is taken. */
  readonly port: number | undefined
  readonly program: (pod: Pod, signal: AbortSignal) => Promise<void> | undefined
  readonly clock: Clock
}

export type OpenWorld = (options: WorldOptions, signal: AbortSignal) => Promise<World>

export interface DemoOptions {
  readonly once: boolean
  readonly messages: number
  readonly port: number | undefined
  /** The user's own objects instead of the sample. */
  readonly manifests: readonly Manifest[] | undefined
}

export interface DemoHost {
  readonly clock: Clock
  readonly out: NodeJS.WriteStream
  readonly env: NodeJS.ProcessEnv
  readonly openWorld: OpenWorld
}

/** Everything that runs, once it runs. */
interface Stage {
  readonly world: World
  readonly queue: Queue | undefined
  readonly show: Show
  readonly hints: Scene['hints']
  /** Resolves when the queue service ended by itself. */
  readonly broken: Promise<void>
}

/** How often the picture is drawn anew (ms). */
const refresh = 250
/** How long `--once` may take (ms); about 50 s are usual. */
const limit = 180_000
const maxSteps = 200
/** How long the workload is shown asleep before the messages come (ms). */
const calm = 2_000

function hintsOf(page: string, queues: readonly string[], namespaced: string): Scene['hints'] {
  const more = queues[0] === undefined ? [] : [['add load', 'npx ebb demo send 200'] as const]
  return [
    ['page', page],
    ...more,
    ['explain', `npx ebb explain --demo ${namespaced}`],
    ['stop', 'Ctrl-C'],
  ]
}

async function start(
  options: DemoOptions,
  host: DemoHost,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Stage> {
  const { clock } = host
  const show = openShow(host.out)
  stack.defer(() => show.close())
  const folder = await openFolder(host.env)
  stack.defer(() => folder.remove())

  show.starting('a queue service (Azurite)')
  const azurite = await startAzurite(folder.path, clock, signal)
  stack.defer(() => azurite.close())
  const open = openQueues(azurite.connection)

  show.starting('a cluster in memory, and the controller')
  const program = workerProgram(open, clock)
  const world = await host.openWorld({ port: options.port, program, clock }, signal)
  stack.defer(() => world.stop())
  for (const text of world.notes) show.note(text)

  const { manifests } = options
  show.starting(manifests === undefined ? 'the sample workload' : 'your objects')
  const applied = await apply(world.cluster, manifests ?? sample, azurite.connection, signal)
  for (const text of applied.notes) show.note(text)
  for (const name of applied.queues) await open(name).create(signal)

  const queue = applied.queues[0]
  const { page } = world
  await folder.announce({ page, connection: azurite.connection, queue: queue ?? sampleQueue })
  const hints = hintsOf(page, applied.queues, await firstName(world.insight, clock, signal))
  return {
    world,
    queue: queue === undefined ? undefined : open(queue),
    show,
    hints,
    broken: azurite.ended,
  }
}

/** The first workload the controller knows; it learns of them a moment after they were applied. */
async function firstName(insight: Insight, clock: Clock, signal: AbortSignal): Promise<string> {
  for (;;) {
    const first = (await insight.list())[0]
    if (first) return `${first.namespace}/${first.name}`
    await clock.sleep(50, signal)
  }
}

const isAsleep = (view: WorkloadView): boolean =>
  view.decision !== undefined && view.replicas === 0 && view.history.length > 1

/** Steps from all histories, in order; the histories are bounded, what was seen stays. */
function collect(steps: Step[], views: readonly WorkloadView[]): void {
  const seen = new Set(steps.map((step) => `${step.workload} ${step.at}`))
  const fresh = views
    .flatMap(stepsOf)
    .filter((step) => !seen.has(`${step.workload} ${step.at}`))
    .sort((a, b) => a.at - b.at)
  steps.push(...fresh)
  steps.splice(0, Math.max(0, steps.length - maxSteps))
}

const verdict = (steps: readonly Step[], ms: number): string =>
  `${steps[0]?.workload ?? 'the workload'} went ${pathOf(steps)} in ${duration(ms)}`

const pathOf = (steps: readonly Step[]): string =>
  [steps[0]?.from ?? 0, ...steps.map(({ to }) => to)].join(' -> ')

/** Shows what happens until the signal aborts or, with `once`, the workload came back to zero. */
async function play(
  stage: Stage,
  options: DemoOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const { world, queue, show, hints } = stage
  const started = clock.now()
  const steps: Step[] = []
  let sentAt: number | undefined
  for (;;) {
    const views = await world.insight.list()
    collect(steps, views)
    show.scene({ now: clock.now(), started, views, steps, hints })
    const ready = clock.now() - started >= calm && views.some(isAsleep)
    if (sentAt === undefined && queue && ready) {
      await queue.send(options.messages, signal)
      sentAt = clock.now()
    }
    const passed = clock.now() - (sentAt ?? started)
    if (options.once && stageAfter(steps) === 'asleep again') return verdict(steps, passed)
    if (options.once && clock.now() - started > limit) {
      throw failure('DEMO_FAILED', { seconds: limit / 1000, seen: pathOf(steps) })
    }
    await clock.sleep(refresh, signal)
  }
}

/** Fails as soon as the queue service is gone, since nothing that is shown is true then. */
const unlessBroken = <T>(work: Promise<T>, broken: Promise<void>): Promise<T> =>
  Promise.race([
    work,
    broken.then(() => {
      throw failure('PROGRAM_FAILED', { program: 'Azurite', why: 'it ended by itself' })
    }),
  ])

/**
 * Runs the demo until the signal aborts, or for one cycle. Resolves with what there is to say at the end; everything it
 * started is closed by then, also when it fails or is stopped while it starts.
 */
export async function demo(
  options: DemoOptions,
  host: DemoHost,
  signal: AbortSignal,
): Promise<string> {
  await using stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  try {
    const stage = await start(options, host, stack, signal)
    const playing = play(stage, options, host.clock, both)
    return await unlessBroken(playing, stage.broken)
  } catch (error) {
    // stopping is how the demo ends, unless it was to finish by itself
    if (signal.aborted && !options.once) return 'stopped; nothing is left behind'
    throw error
  } finally {
    stop.abort()
  }
}
