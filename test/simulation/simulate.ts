import { pino } from 'pino'
import type { Cluster, Ref } from '../../src/cluster.ts'
import { formatReading } from '../../src/core/quantity.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { isFailure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { silentLog } from '../../src/log.ts'
import type { Workload } from '../../src/resources.ts'
import { scaledObjectOf } from '../../src/serve/selector.ts'
import { createChecker, type Checker } from './checker.ts'
import { jobProblems } from './jobs/outcome.ts'
import { createWork } from './jobs/work.ts'
import { outcomeProblems } from './outcome.ts'
import { createFleet } from './fleet.ts'
import { startProcess, type Process, type Surroundings } from './process.ts'
import { randomOf } from './random.ts'
import type { Event, Scenario } from './scenario.ts'
import { createSources } from './sources.ts'
import { createWorld, type World } from './time.ts'

export interface Result {
  readonly seed: number
  /** Broken promises; none where all is well. */
  readonly violations: readonly string[]
  readonly steps: number
  readonly writes: number
  readonly processes: number
}

const signal = new AbortController().signal
const namespace = 'default'
/** 2026-01-05T00:00:00Z */
const epoch = 1_767_571_200_000

/** Runs one scenario from its beginning to its end. `note` is told what happens, with the seconds since the start. */
export async function simulate(
  scenario: Scenario,
  note?: (seconds: number, text: string) => void,
): Promise<Result> {
  const world = createWorld(epoch)
  const tell = (text: string): void => note?.((world.now() - epoch) / 1_000, text)
  const random = randomOf(scenario.seed ^ 0x5eed)
  const drawSources = random.fork()
  const work = createWork(scenario.jobs, world, randomOf(scenario.seed ^ 0x10b6), tell)
  const sources = createSources(scenario, world, epoch, drawSources, work)
  const fleet = createFleet(scenario.team)
  const cluster = createEmbedded({
    clock: world,
    podStart: scenario.jobs.podStart,
    program: (pod, stopped) => work.program(pod, stopped),
    async readExternalMetric(ns, metric, selector) {
      const values = await fleet.next().read(ns, scaledObjectOf(selector, metric), metric)
      return values.map(formatReading)
    },
  })
  const checker = createChecker(scenario, world, epoch, tell, { cluster, work })
  let serial = 0
  const around: Omit<Surroundings, 'died'> = {
    world,
    cluster,
    sources,
    checker,
    random: random.fork(),
    log: note
      ? pino(
          { level: 'debug', base: null, timestamp: false },
          { write: (line) => tell(line.trim()) },
        )
      : silentLog,
    several: scenario.team > 1,
    reach: (address) => fleet.find(address)?.peer,
    faultNow(kind) {
      const now = world.now() - epoch
      return scenario.apiFaults.find(
        (f) => f.from <= now && now < f.to && (f.only === undefined || f.only === kind),
      )
    },
  }
  let ended = false
  const startIn = (place: number): void => {
    if (ended || fleet.in(place)) return
    const skew = scenario.skews[serial % scenario.skews.length] ?? 0
    const died = (): void => void world.after(fleet.downFor(place), () => startIn(place))
    fleet.put(place, startProcess(`p${++serial}`, skew, { ...around, died }))
  }

  for (const object of scenario.objects) {
    const { name } = object.metadata
    await cluster.create(kinds.deployment, deploymentOf(name, scenario.replicas[name] ?? 0), signal)
    await cluster.create(kinds.scaledObject, object, signal)
  }
  for (const object of scenario.jobs.objects) await cluster.create(kinds.scaledJob, object, signal)
  for (const event of scenario.events)
    world.after(event.at, () => {
      tell(`EVENT ${JSON.stringify(event).slice(0, 300)}`)
      const place = fleet.placeOf(event.who ?? 'owner')
      if ('downFor' in event) fleet.down(place, event.downFor)
      happen(event, cluster, fleet.in(place), checker)
    })
  if (note) {
    tellQueues(scenario, world, tell)
  }
  // one after the other, as pods come
  for (let place = 0; place < scenario.team; place++)
    world.after(place * 1_000, () => startIn(place))
  await audited(world, checker, epoch + scenario.end, () => checker.violations.length === 0)
  const problems =
    checker.violations.length > 0
      ? []
      : [
          ...(await outcomeProblems(cluster, sources, fleet.owner())),
          ...(await jobProblems(cluster, work, world.now(), checker.jobs.movedAt)),
        ]
  for (const problem of problems) tell(`VIOLATION ${problem}`)
  const result = {
    seed: scenario.seed,
    violations: [...checker.violations, ...problems],
    steps: world.steps,
    writes: checker.writes,
    processes: serial,
  }
  ended = true
  fleet.kill()
  await cluster.close()
  return result
}

/** Runs to the end, looking at all records every half minute, until something is wrong. */
async function audited(
  world: World,
  checker: Checker,
  end: number,
  well: () => boolean,
): Promise<void> {
  try {
    while (well() && world.now() < end) {
      await world.runUntil(Math.min(end, world.now() + 30_000))
      await checker.audit()
    }
  } catch (thrown) {
    checker.broken('the simulation', thrown)
  }
}

function happen(
  event: Event,
  cluster: EmbeddedCluster,
  process: Process | undefined,
  checker: Checker,
): void {
  if (isProcessEvent(event)) return process && befall(event, process)
  if (event.do === 'mute-watches') return cluster.muteWatches()
  if (event.do === 'compact') cluster.compact()
  if (event.do === 'compact' || event.do === 'cut-watches') return cluster.cutWatches()
  wish(event, cluster).catch((error: unknown) => {
    // what is changed may be gone by then
    if (!isFailure(error, 'CLUSTER_NOT_FOUND', 'CLUSTER_EXISTS')) checker.broken(event.do, error)
  })
}

type ProcessEvent = Extract<
  Event,
  { readonly do: 'crash' | 'crash-at-call' | 'stop' | 'suspend' | 'partition' }
>

const isProcessEvent = (event: Event): event is ProcessEvent =>
  ['crash', 'crash-at-call', 'stop', 'suspend', 'partition'].includes(event.do)

function befall(event: ProcessEvent, process: Process): void {
  if (event.do === 'crash') return process.kill()
  if (event.do === 'crash-at-call') return process.killAtCall(event.calls)
  if (event.do === 'stop') return void process.stop()
  if (event.do === 'suspend') return process.suspend(event.for)
  process.cut(event.for)
}

/** What a user does. */
async function wish(event: Event, cluster: EmbeddedCluster): Promise<void> {
  const ref = { namespace, name: 'name' in event ? event.name : '' }
  if (event.do === 'change') await cluster.patch(kinds.scaledObject, ref, event.patch, {}, signal)
  else if (event.do === 'delete') await cluster.remove(kinds.scaledObject, ref, {}, signal)
  else if (event.do === 'create') await cluster.create(kinds.scaledObject, event.object, signal)
  else if (event.do === 'change-job')
    await cluster.patch(kinds.scaledJob, ref, event.patch, {}, signal)
  else if (event.do === 'delete-job') await cluster.remove(kinds.scaledJob, ref, {}, signal)
  else if (event.do === 'create-job') await cluster.create(kinds.scaledJob, event.object, signal)
  else if (event.do === 'scale')
    await scaledBy(cluster.as(event.by ?? 'kubectl'), ref, event.replicas)
  else if (event.do === 'touch') {
    const metadata = { annotations: { touched: String(event.at) } }
    await cluster.patch(kinds.deployment, ref, { metadata }, {}, signal)
  }
}

async function scaledBy(whose: Pick<Cluster, 'patch'>, ref: Ref, replicas: number): Promise<void> {
  await whose.patch(kinds.deployment, ref, { spec: { replicas } }, {}, signal)
}

function tellQueues(scenario: Scenario, world: World, tell: (text: string) => void): void {
  for (const { name, source, lengths } of scenario.queues)
    for (const { at, length } of lengths)
      world.after(at, () => tell(`QUEUE ${name} of ${source} holds ${length}`))
  for (const fault of [...scenario.sourceFaults, ...scenario.apiFaults]) {
    world.after(fault.from, () => tell(`FAULT ${JSON.stringify(fault)}`))
    world.after(fault.to, () => tell(`FAULT ENDS ${JSON.stringify(fault)}`))
  }
}

const deploymentOf = (name: string, replicas: number): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'image' }] },
    },
  },
})
