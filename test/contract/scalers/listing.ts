import { failure } from '../../../src/errors.ts'
import { text } from '../../../src/metadata/fields.ts'
import { type AnyScaler, type Answer, defineScaler, error, value } from '../../../src/scaler.ts'

/** From how many queries on one call for the whole list is cheaper. */
export const cheaperFrom = 3

/** A broker that has a call for one queue and a call for all of them. */
export interface Listing {
  readonly scaler: AnyScaler
  readonly queues: Map<string, number>
  /** Every call made: the queue asked for, or `*`. */
  readonly calls: string[]
}

export function listing(): Listing {
  const queues: Listing['queues'] = new Map()
  const calls: string[] = []
  const counted = (queue: string, found: number | undefined): Answer<number> =>
    found === undefined
      ? error(failure('SOURCE_NOT_FOUND', { address: 'memory', what: `queue ${queue}` }))
      : value(found)
  const service = {
    one: (queue: string): Answer<number> => {
      calls.push(queue)
      return counted(queue, queues.get(queue))
    },
    all: (): ReadonlyMap<string, number> => {
      calls.push('*')
      return new Map(queues)
    },
    close() {},
  }
  const scaler = defineScaler({
    type: 'listing',
    label: 'listingScaler',
    doc: 'Counts queues of a broker that can list them.',
    fields: {
      broker: text({ doc: 'Where it is.', connection: true }),
      queue: text({ doc: 'Queue to count.' }),
    },
    specs: (m) => [{ name: m.queue, target: 1, form: 'integer' }],
    open: () => service,
    query: (m) => ({ queue: m.queue }),
    batch: cheaperFrom,
    ask: async (open, queries) => {
      if (queries.length < cheaperFrom) return queries.map(({ queue }) => open.one(queue))
      const all = open.all()
      return queries.map(({ queue }) => counted(queue, all.get(queue)))
    },
    conclude: (length: number) => ({ value: length, active: length > 0 }),
  })
  return { scaler, queues, calls }
}
