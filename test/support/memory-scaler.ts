import { integer, text } from '../../src/metadata/fields.ts'
import type { EbbError } from '../../src/errors.ts'
import { defineScaler, type AnyScaler, type Answer, type Spec } from '../../src/scaler.ts'

/** What a queue answers: a length, an answer, or a function of the password it is asked with. */
export type QueueAnswer = number | Answer<number> | ((password: string) => Answer<number>)

/** A source in memory whose queues tests fill, break and count. */
export interface MemorySource {
  readonly scaler: AnyScaler
  readonly queues: Map<string, QueueAnswer>
  /** Queues asked for, in order. */
  readonly asked: string[]
  /** Why the source does not say its specs now, or that it says there are none; undefined where it says them. */
  silent: EbbError | 'none' | undefined
  /** Passwords a source was opened with, in order. */
  readonly opened: string[]
}

export function memorySource(type = 'queue'): MemorySource {
  const queues: MemorySource['queues'] = new Map()
  const asked: string[] = []
  const opened: string[] = []
  const scaler: AnyScaler = defineScaler({
    type,
    label: `${type}Scaler`,
    doc: 'A queue in memory.',
    fields: {
      queue: text({ doc: 'Queue to count.' }),
      length: integer({ doc: 'Messages for one replica.', default: 5 }),
      activation: integer({ doc: 'Wakes above this.', default: 0 }),
      password: text({
        doc: 'What the source is opened with.',
        from: ['auth', 'env', 'trigger'],
        default: 'none',
        secret: true,
        connection: true,
      }),
    },
    specs(m, use) {
      const specs: readonly Spec[] = [
        { name: `memory-${m.queue}`, target: m.length, form: 'integer' },
      ]
      const why = memory.silent
      if (why === 'none') return []
      return why ? use(() => Promise.reject(why)) : specs
    },
    open(c) {
      opened.push(c.password)
      return { password: c.password, close() {} }
    },
    query: (m) => ({ queue: m.queue }),
    batch: false,
    async ask(service: { readonly password: string; close(): void }, queries) {
      return queries.map(({ queue }): Answer<number> => {
        asked.push(queue)
        const found = queues.get(queue) ?? 0
        if (typeof found === 'number') return { kind: 'value', value: found }
        return typeof found === 'function' ? found(service.password) : found
      })
    },
    conclude: (count, m) => ({ value: count, active: count > m.activation }),
  })
  const memory: MemorySource = { scaler, queues, asked, opened, silent: undefined }
  return memory
}
