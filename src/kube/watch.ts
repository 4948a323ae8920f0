import { deadline, type Clock } from '../clock.ts'
import type { WatchEvent, Where } from '../cluster.ts'
import { failure, isFailure } from '../errors.ts'
import type { Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'
import { listPath, selection, spoken } from './paths.ts'
import { refusal, statusOf, type Deed } from './status.ts'
import type { Wire } from './wire.ts'

export interface WatchOptions {
  readonly wire: Wire
  readonly clock: Clock
  /** Uniform in [0, 1): spreads the ends of watches. */
  readonly random: () => number
}

/** How much longer than agreed (ms) a watch may live before it is left. */
const grace = 30_000

/**
 * One watch, until the server ends it: after 5 to 10 minutes, as asked. Events of a kind that the server lets time out come as they
 * are, bookmarks as their version alone.
 */
export async function* watch<T extends Resource>(
  { wire, clock, random }: WatchOptions,
  kind: Kind<T>,
  where: Where & { readonly resourceVersion: string },
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const deed = { doing: 'watching', object: spoken(kind, { namespace: where.namespace ?? '' }) }
  const timeoutSeconds = Math.round(300 * (1 + random()))
  const life = deadline(clock, timeoutSeconds * 1000 + grace, signal, () =>
    failure('CLUSTER_UNREACHABLE', {
      server: wire.server,
      why: `${deed.object}: the watch did not end in time`,
    }),
  )
  // Whoever stops early may do so before the stream is read at all: its connection must go even then.
  const over = new AbortController()
  const { resourceVersion } = where
  const query = {
    ...selection(where),
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion,
    timeoutSeconds,
  }
  try {
    const path = listPath(kind, where.namespace ?? '')
    const both = AbortSignal.any([life.signal, over.signal])
    const stream = await wire.stream({ method: 'GET', path, query, ...deed }, both)
    yield { type: 'BOOKMARK', resourceVersion }
    for await (const batch of lines(stream)) {
      for (const line of batch) yield eventOf<T>(line, deed)
    }
  } catch (error) {
    if (life.signal.aborted) throw life.signal.reason
    throw isFailure(error) ? error : wire.broken(error)
  } finally {
    life.clear()
    over.abort()
  }
}

/** Whole lines, as many at a time as came together. A last line without an end means that the stream was cut. */
async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  // Parts of one line, joined only when it is complete: objects may be large and chunks small.
  let begun: string[] = []
  for await (const chunk of stream) {
    const [head = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n')
    begun.push(head)
    const last = rest.pop()
    if (last === undefined) continue
    yield [begun.join(''), ...rest].filter((line) => line !== '')
    begun = [last]
  }
  if (begun.some((part) => part !== ''))
    throw new Error('the watch was cut in the middle of a line')
}

interface Frame {
  readonly type: string
  readonly object: Resource
}

function eventOf<T extends Resource>(line: string, deed: Deed): WatchEvent<T> {
  const { type, object } = frameOf(line, deed)
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      // The server sends objects of the kind that was asked for.
      return { type, object: object as T }
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' }
    default:
      throw refusal(statusOf(500, object), deed)
  }
}

function frameOf(line: string, { doing, object }: Deed): Frame {
  const garbled = (why: string, cause?: unknown): Error =>
    failure('CLUSTER_FAILED', { what: `${doing} ${object}`, why }, cause)
  let frame: Partial<Frame> | null
  try {
    // Read by its form below.
    frame = JSON.parse(line) as Partial<Frame> | null
  } catch (error) {
    throw garbled('a line of the stream is not JSON', error)
  }
  if (
    typeof frame?.type !== 'string' ||
    typeof frame.object !== 'object' ||
    frame.object === null
  ) {
    throw garbled('a line of the stream is no event')
  }
  if (frame.type !== 'ERROR' && typeof frame.object.metadata !== 'object') {
    throw garbled('an event of the stream holds no object')
  }
  return { type: frame.type, object: frame.object }
}
