import type { Clock } from '../clock.ts'
import { failure } from '../errors.ts'

export interface Remembered<T> {
  /** The answer still valid for this key, without waiting. */
  peek(key: string): T | undefined
  /** The answer still valid, else asks; callers of the same key share one question. Failures are not remembered. */
  get(key: string, ask: () => Promise<T>): Promise<T>
  readonly size: number
}

/**
 * A bounded memory of answers that cost a request: at most `size` of them, the oldest forgotten first, each valid for as
 * long as `ttl` says (ms). At most `width` questions are under way; one more fails with CHECKS_BUSY.
 */
export function remember<T>(o: {
  readonly clock: Clock
  readonly size: number
  readonly width: number
  readonly ttl: (answer: T, key: string) => number
}): Remembered<T> {
  const answers = new Map<string, { readonly answer: T; readonly until: number }>()
  const asking = new Map<string, Promise<T>>()

  const peek = (key: string): T | undefined => {
    const known = answers.get(key)
    return known && o.clock.now() < known.until ? known.answer : undefined
  }

  const keep = (key: string, answer: T): void => {
    answers.delete(key)
    if (answers.size >= o.size) {
      const oldest = answers.keys().next()
      if (!oldest.done) answers.delete(oldest.value)
    }
    answers.set(key, { answer, until: o.clock.now() + o.ttl(answer, key) })
  }

  const askOnce = async (key: string, ask: () => Promise<T>): Promise<T> => {
    try {
      const answer = await ask()
      keep(key, answer)
      return answer
    } finally {
      asking.delete(key)
    }
  }

  return {
    peek,
    async get(key, ask) {
      const known = peek(key)
      if (known !== undefined) return known
      const shared = asking.get(key)
      if (shared) return shared
      if (asking.size >= o.width) throw failure('CHECKS_BUSY', { width: o.width })
      const question = askOnce(key, ask)
      asking.set(key, question)
      return question
    },
    get size() {
      return answers.size
    },
  }
}
