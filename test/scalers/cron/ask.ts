import { nextOf } from '../../../scalers/cron/window.ts'
import { run } from '../../support/go-program.ts'

/** When an expression fires next after a time (epoch seconds) in a time zone. */
export interface Question {
  readonly expression: string
  readonly zone: string
  readonly from: number
}

/** Epoch seconds as text, `never`, or `refused`. */
export function ours({ expression, zone, from }: Question): string {
  try {
    const next = nextOf(expression, zone)(from * 1_000)
    return next === undefined ? 'never' : String(next / 1_000)
  } catch {
    return 'refused'
  }
}

/** What the real robfig/cron answers, in one go. */
export async function theirs(
  program: string,
  questions: readonly Question[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const input = questions.map((q) => `${q.expression}\t${q.zone}\t${q.from}\n`).join('')
  return (await run(program, [], { input, signal })).trim().split('\n')
}
