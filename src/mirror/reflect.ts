import { setImmediate as breathe } from 'node:timers/promises'
import type { Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { Page, WatchEvent } from '../cluster.ts'
import { isFailure, type EbbError } from '../errors.ts'
import type { Resource } from '../resources.ts'
import { listen } from './ear.ts'

/** Where the objects come from. */
export interface Source<T extends Resource> {
  list(next: string | undefined): Promise<Page<T>>
  watch(version: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>>
  /** The failure that stands for a watch without any sign of life. */
  silent(): Error
}

/** Where they go to. */
export interface Sink<T extends Resource> {
  /** The object is there, as given; answers its key. */
  put(object: T): string
  drop(object: T): void
  /** A list is complete: whatever is not among the keys is gone. */
  complete(keys: ReadonlySet<string>): void
  /** The server answers. Called for every page and every event. */
  good(): void
  /** The server could not be followed any more since `since` (epoch ms). */
  bad(error: EbbError, since: number): void
}

export interface Pace {
  readonly clock: Clock
  readonly waits: Backoff
  /** ms without a sign of life after which a watch is left. */
  readonly silence: number
}

/** Where the reflection stands: within a list, with the keys seen so far, or following changes from a version on. */
type Place =
  | { readonly do: 'list'; readonly next: string | undefined; readonly seen: Set<string> }
  | { readonly do: 'watch'; readonly version: string }

interface Step {
  readonly at: Place
  readonly error: unknown
  /** Whether to go on at once: pages of a list, and a watch that lived long. */
  readonly smooth: boolean
  readonly heardAt: number
}

/** A watch that lived so long (ms) was a success, whatever ended it. */
const goodLife = 5_000
/** After so many failures in a row that are no mere outage, the version is given up for a new list. */
const patience = 3

const start = (): Place => ({ do: 'list', next: undefined, seen: new Set() })

/** Lists, then watches, then goes on from where it was, for ever. Ends only when the signal aborts; throws only defects. */
export async function reflect<T extends Resource>(
  source: Source<T>,
  sink: Sink<T>,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  let at = start()
  while (!signal.aborted) {
    const step: Step =
      at.do === 'list'
        ? await page(source, sink, pace, at)
        : await follow(source, sink, pace, at.version, signal)
    if (signal.aborted) return
    at = step.at
    if (step.error !== undefined) at = afterFailure(step, sink, pace)
    if (!step.smooth) await pace.clock.sleep(pace.waits.next(), signal).catch(() => undefined)
  }
}

function afterFailure<T extends Resource>(step: Step, sink: Sink<T>, pace: Pace): Place {
  const { error, at, heardAt } = step
  // Not from the catalogue: a defect, which must not pass for trouble with the server.
  if (!isFailure(error)) throw error
  if (isFailure(error, 'CLUSTER_GONE')) return start()
  sink.bad(error, heardAt)
  const outage = isFailure(error, 'CLUSTER_UNREACHABLE', 'CLUSTER_THROTTLED')
  return outage || pace.waits.failures < patience ? at : start()
}

async function page<T extends Resource>(
  source: Source<T>,
  sink: Sink<T>,
  { clock }: Pace,
  at: Place & { do: 'list' },
): Promise<Step> {
  try {
    const answer = await source.list(at.next)
    sink.good()
    for (const object of answer.items) at.seen.add(sink.put(object))
    if (answer.next !== undefined) await breathe()
    else sink.complete(at.seen)
    const next: Place =
      answer.next === undefined
        ? { do: 'watch', version: answer.resourceVersion }
        : { do: 'list', next: answer.next, seen: at.seen }
    return { at: next, error: undefined, smooth: true, heardAt: clock.now() }
  } catch (error) {
    return { at, error, smooth: false, heardAt: clock.now() }
  }
}

async function follow<T extends Resource>(
  source: Source<T>,
  sink: Sink<T>,
  { clock, waits, silence }: Pace,
  from: string,
  signal: AbortSignal,
): Promise<Step> {
  const ear = listen(clock, silence, signal, () => source.silent())
  const started = clock.now()
  let version = from
  let error: unknown
  try {
    for await (const event of source.watch(from, ear.signal)) {
      ear.heard()
      sink.good()
      version = take(event, sink) ?? version
    }
  } catch (thrown) {
    error = thrown
  } finally {
    ear.close()
  }
  const lived = clock.now() - started >= goodLife
  if (lived) waits.reset()
  const heardAt = ear.signal.aborted ? ear.heardAt : clock.now()
  return { at: { do: 'watch', version }, error, smooth: lived && error === undefined, heardAt }
}

/** Passes an event on; answers the version up to which the history is now seen. */
function take<T extends Resource>(event: WatchEvent<T>, sink: Sink<T>): string | undefined {
  if (event.type === 'BOOKMARK') return event.resourceVersion
  if (event.type === 'DELETED') sink.drop(event.object)
  else sink.put(event.object)
  return event.object.metadata.resourceVersion
}
