import { failure } from '../errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Aborts when the process is asked to end. Asking again changes nothing: whoever runs cleans up behind itself and is
 * bounded in how long that takes. `release` gives the signals back to Node.
 */
export function stopSignal(process: NodeJS.Process): {
  readonly signal: AbortSignal
  release(): void
} {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) controller.abort(failure('STOPPED', { signal: name }))
  }
  for (const name of signals) process.on(name, stop)
  return {
    signal: controller.signal,
    release() {
      for (const name of signals) process.off(name, stop)
    },
  }
}
