/**
 * Runs simulations: `node test/simulation/run.ts [--seed N | --from N --count N] [--verbose] [--defect NAME] [--most N]`. Stops at the
 * tenth (`--most`) seed that breaks a promise; each is told with the line that reproduces it.
 */
import { parseArgs } from 'node:util'
import { defectOf, inject } from './inject.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    verbose: { type: 'boolean', default: false },
    defect: { type: 'string' },
    most: { type: 'string', default: '10' },
  },
})

// sources fail all the time here, and a failure costs most by its stack
if (!values.verbose) Error.stackTraceLimit = 0
if (values.defect !== undefined) inject(defectOf(values.defect))
// only now, so that the defect is in what they load
const { generate } = await import('./generate.ts')
const { simulate } = await import('./simulate.ts')

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count) : 1
const started = process.cpuUsage()
let failed = 0
let steps = 0
for (let seed = from; seed < from + count && failed < Number(values.most); seed++) {
  const note = (seconds: number, text: string): void =>
    say(`${seconds.toFixed(3).padStart(9)} ${text}`)
  const result = await simulate(generate(seed), values.verbose ? note : undefined)
  steps += result.steps
  if (result.violations.length === 0) continue
  failed++
  say(`seed ${seed}: ${result.violations.slice(0, 3).join('\n  ')}`)
  say(`  reproduce with: node test/simulation/run.ts --seed ${seed} --verbose`)
}
const { user, system } = process.cpuUsage(started)
const ms = (user + system) / 1_000
say(
  `${count} seeds, ${failed} failed, ${(ms / count).toFixed(1)} ms of CPU and ${Math.round(steps / count)} timers each`,
)
process.exitCode = failed > 0 ? 1 : 0
