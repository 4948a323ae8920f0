/**
 * All that must hold before a change lands: `npm run check [-- --fast]`. Format, lint, types, generated files and, unless
 * `--fast` leaves them out, the tests. Everything is tried, so that one run shows all there is to mend.
 */
import { spawnSync } from 'node:child_process'

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format', 'oxfmt', '--check', '.'],
  ['lint', 'oxlint', '--type-aware'],
  ['types', 'tsc'],
  ['types of the page', 'tsc', '-p', 'src/serve/dashboard/page'],
  ['docs are current', 'node', 'tools/docs.ts', '--check'],
  ['CRDs are current', 'node', 'tools/crds.ts', '--check'],
]
const tests: typeof steps = [['tests', 'node', 'tools/test.ts']]
const wanted = process.argv.includes('--fast') ? steps : [...steps, ...tests]

const failed = wanted.filter(([name, command, ...args]) => {
  const started = performance.now()
  const run = spawnSync(command, args, {
    stdio: name === 'tests' ? 'inherit' : 'pipe',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  const good = run.status === 0
  console.log(`${good ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (!good && run.stdout) console.log(run.stdout.slice(-20_000) + run.stderr.slice(-5_000))
  return !good
})

if (failed.length > 0) {
  console.log(`check failed: ${failed.map(([name]) => name).join(', ')}`)
  process.exitCode = 1
}
