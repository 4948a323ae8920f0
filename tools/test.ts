/**
 * Runs the tests: `npm test [-- FILE...]`. What a missing part of the machine makes impossible skips itself with the reason;
 * with EBB_REQUIRE_ALL=1 (CI) such a skip is a failure.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const given = process.argv.slice(2)
const files = given.length > 0 ? given : globSync('test/**/*.test.ts').sort()
const run = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-timeout=600000', ...files],
  { stdio: 'inherit' },
)
process.exitCode = run.status ?? 1
