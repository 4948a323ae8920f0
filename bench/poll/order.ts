import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Loopback } from './loopback.ts'
import type { Shared } from './parts.ts'

/** What a child is to measure. */
export type Order =
  | { readonly part: 'overhead'; readonly rounds: number; readonly seconds: number }
  | {
      readonly part: 'loopback'
      readonly rate: number
      readonly rounds: number
      readonly seconds: number
    }
  | { readonly part: 'shared'; readonly count: number; readonly seconds: number }

type ResultOf<O extends Order> = O extends { part: 'overhead' }
  ? number
  : O extends { part: 'loopback' }
    ? Loopback
    : Shared

/** Measures a part in a process of its own; fails when that does. */
export async function inChild<const O extends Order>(order: O): Promise<ResultOf<O>> {
  const child = fork(new URL('child.ts', import.meta.url), [JSON.stringify(order)], {
    stdio: 'inherit',
    // as the controller runs
    execArgv: ['--max-semi-space-size=4'],
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  })
  const failed = new AbortController()
  const ended = once(child, 'exit', { signal: failed.signal }).then(([code]) => {
    throw new Error(`measuring ${order.part} ended with code ${code}`)
  })
  try {
    const [result] = await Promise.race([once(child, 'message'), ended])
    // the child answers each order with its own kind of result
    return result as ResultOf<O>
  } finally {
    ended.catch(() => undefined)
    failed.abort()
  }
}
