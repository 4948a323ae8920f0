import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

const required = process.env['EBB_REQUIRE_ALL'] === '1'

/** True when a part of the machine is there. Where it is not: the test is skipped with the reason, or fails where all is required (CI). */
export function need(t: TestContext, present: boolean, reason: string): boolean {
  if (present) return true
  if (required) throw new Error(`required here, but missing: ${reason}`)
  t.skip(reason)
  return false
}

/** Whether a program answers on the path. */
export const hasProgram = (name: string, ...args: string[]): boolean =>
  spawnSync(name, args, { stdio: 'ignore' }).error === undefined
