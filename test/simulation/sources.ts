import { failure } from '../../src/errors.ts'
import { flag, integer, text } from '../../src/metadata/fields.ts'
import {
  defineScaler,
  empty,
  error,
  value,
  type AnyScaler,
  type Answer,
  type Service,
} from '../../src/scaler.ts'
import type { Work } from './jobs/work.ts'
import type { Random } from './random.ts'
import { lengthAt, queryOf, type Queue, type Scenario, type SourceFault } from './scenario.ts'
import type { ProcessClock, World } from './time.ts'

/** What a process was told of a queue: a length, an answer without one, or nothing it can use. */
export type Told =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'void' }
  | { readonly kind: 'error' }

/** One process as the sources see it. */
export interface Asker {
  readonly clock: ProcessClock
  /** While the process is suspended, what arrives waits. */
  readonly gate: () => Promise<void> | undefined
  readonly isDead: () => boolean
  /** It asks a source. */
  asks(): void
  /** It was denied an answer, and may have it by other credentials. */
  denied(query: string): void
  /** An answer reached the process. */
  heard(query: string, told: Told, sure: boolean): void
  /** What the newest answer to the query was that was no error. */
  readonly lastKind: (query: string) => Told['kind'] | undefined
}

/** Numbers from here on cannot be given to an HPA, which counts in thousandths in 64 bits. */
const countable = 2 ** 63 / 1000

export interface Sources {
  /** The scalers of one process: one that asks each queue alone, and one that asks all that are due together. */
  scalersOf(asker: Asker): ReadonlyMap<string, AnyScaler>
  trueLength(queue: string): number
}

export function createSources(
  scenario: Scenario,
  world: World,
  start: number,
  random: Random,
  work: Pick<Work, 'length'>,
): Sources {
  const queues = new Map<string, Queue>(scenario.queues.map((queue) => [queue.name, queue]))
  const sinceStart = (): number => world.now() - start

  const trueLength = (name: string): number => {
    const queue = queues.get(name)
    return queue ? lengthAt(queue, sinceStart()) : (work.length(name) ?? 0)
  }

  const faultOf = (source: string, queue: string | undefined): SourceFault | undefined => {
    const now = sinceStart()
    return scenario.sourceFaults.find(
      (f) => f.source === source && f.queue === queue && f.from <= now && now < f.to,
    )
  }

  const answerOf = (source: string, queue: string, amnesia: boolean): Answer<number> => {
    if (amnesia) return empty
    const kind = faultOf(source, queue)?.kind
    if (kind === 'error')
      return error(failure('SOURCE_NOT_FOUND', { address: source, what: queue }))
    if (kind === 'empty') return empty
    if (kind === 'nan') return value(Number.NaN)
    if (kind === 'infinite') return value(Number.POSITIVE_INFINITY)
    if (kind === 'negative') return value(-7)
    return value(kind === 'huge' ? 1e300 : trueLength(queue))
  }

  const ask = async (
    asker: Asker,
    source: string,
    asked: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Answer<number>[]> => {
    const fault = faultOf(source, undefined)
    const took = random.chance(0.7) ? 0 : random.int(1, 90)
    if (fault) await trouble(fault, source, asker, signal)
    else if (took > 0) await asker.clock.sleep(took, signal)
    if (fault?.kind === 'garbled') return []
    if (fault?.kind === 'throttled') {
      const why = failure('SOURCE_THROTTLED', { address: source, why: '429' })
      return asked.map(() => error(why, fault.amount))
    }
    return asked.map((queue) => answerOf(source, queue, fault?.kind === 'amnesia'))
  }

  /** Passes on what a call of a process gives, and tells the checker what the process knows from it. */
  const served = async (
    asker: Asker,
    type: string,
    source: string,
    asked: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Answer<number>[]> => {
    let over = false
    const amnesia = (): boolean => faultOf(source, undefined)?.kind === 'amnesia'
    const hear = (told: (queue: string, index: number) => Told): void => {
      if (over || asker.isDead()) return
      over = true
      asked.forEach((queue, index) =>
        asker.heard(queryOf(type, queue), told(queue, index), !amnesia()),
      )
    }
    const failed = (): void => hear(() => ({ kind: 'error' }))
    signal.addEventListener('abort', failed, { once: true })
    if (!asker.isDead()) asker.asks()
    try {
      const answers = await ask(asker, source, asked, signal)
      await asker.gate()
      if (asker.isDead()) return await new Promise(() => undefined)
      const told = asked.map((_, index) => toldBy(answers[index]))
      const forgot =
        asked.length >= 2 &&
        asked.every(
          (q, i) => answers[i]?.kind === 'empty' && asker.lastKind(queryOf(type, q)) === 'value',
        )
      hear((_, index) => (forgot ? { kind: 'error' } : (told[index] ?? { kind: 'error' })))
      return answers
    } catch (thrown) {
      await asker.gate()
      // a refusal of credentials is appealed first: what becomes of it is heard then
      if (faultOf(source, undefined)?.kind !== 'denied') failed()
      else for (const queue of asked) asker.denied(queryOf(type, queue))
      throw thrown
    } finally {
      signal.removeEventListener('abort', failed)
    }
  }

  return {
    trueLength,
    scalersOf: (asker) =>
      new Map(
        (['queue', 'batch-queue'] as const).map((type) => [
          type,
          scalerOf(type, (source, asked, signal) => served(asker, type, source, asked, signal)),
        ]),
      ),
  }
}

/** What a source does to a call while something is wrong with it, before it answers at all. */
async function trouble(
  fault: SourceFault,
  source: string,
  { clock }: Asker,
  signal: AbortSignal,
): Promise<void> {
  const why = 'simulated'
  if (fault.kind === 'hang') await untilAborted(signal)
  if (fault.kind === 'deaf') await new Promise(() => undefined)
  if (fault.kind === 'slow') await clock.sleep(fault.amount, signal)
  if (fault.kind === 'unreachable') throw failure('SOURCE_UNREACHABLE', { address: source, why })
  if (fault.kind === 'refused') throw new TypeError('fetch failed')
  if (fault.kind === 'denied') throw failure('SOURCE_DENIED', { address: source, why })
}

function toldBy(answer: Answer<number> | undefined): Told {
  if (answer === undefined || answer.kind === 'error') return { kind: 'error' }
  if (answer.kind === 'empty' || !Number.isFinite(answer.value)) return { kind: 'void' }
  return answer.value < countable ? { kind: 'value', value: answer.value } : { kind: 'error' }
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

type AskQueues = (
  source: string,
  queues: readonly string[],
  signal: AbortSignal,
) => Promise<readonly Answer<number>[]>

const scalerOf = (type: 'queue' | 'batch-queue', ask: AskQueues): AnyScaler =>
  defineScaler({
    type,
    label: `${type}Scaler`,
    doc: 'A queue of the simulation.',
    fields: {
      queue: text({ doc: 'Queue to count.' }),
      source: text({ doc: 'Where it is.', connection: true }),
      target: integer({ doc: 'Messages for one replica.', default: 5 }),
      activation: integer({ doc: 'Wakes above this.', default: 0 }),
      ignoreEmpty: flag({ doc: 'Whether no answer counts as none.', default: false }),
    },
    specs: (m) => [{ name: `sim-${m.queue}`, target: m.target, form: 'integer' }],
    open: (c): Service & { readonly source: string } => ({ source: c.source, close() {} }),
    query: (m) => ({ queue: m.queue }),
    batch: type === 'queue' ? false : 1,
    ask: (service: Service & { readonly source: string }, queries, signal) =>
      ask(
        service.source,
        queries.map(({ queue }) => queue),
        signal,
      ),
    conclude: (length: number, m) => ({ value: length, active: length > m.activation }),
    missing: (m) =>
      m.ignoreEmpty ? { value: 0, active: false } : failure('SAMPLE_EMPTY', { what: 'the queue' }),
  })
