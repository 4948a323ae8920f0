import { plural } from '../../core/words.ts'
import { failure } from '../../errors.ts'
import { findDemo } from './folder.ts'
import { openQueues } from './storage.ts'

/** Puts messages into a queue of the demo that runs on this machine; resolves with what was done. */
export async function send(
  count: number,
  queueName: string | undefined,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const { connection, queue } = await findDemo(env)
  const name = queueName ?? queue
  const target = openQueues(connection)(name)
  try {
    await target.create(signal)
    await target.send(count, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw failure(
      'PROGRAM_FAILED',
      { program: "the demo's queue service", why: 'it does not answer' },
      error,
    )
  }
  return `put ${plural(count, 'message')} into queue ${name}`
}
