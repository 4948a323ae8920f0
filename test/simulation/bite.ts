/** Shows that each promise bites: `node test/simulation/bite.ts [--count N] [NAME...]` runs the seeds with each defect until one notices. */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { defects, type Defect } from './defects.ts'

export interface Bite {
  readonly defect: Defect
  /** The first seed that noticed; undefined where none did. */
  readonly seed: number | undefined
  readonly said: string
}

/** Many times what the seeds take (ms), so that a busy machine ends nothing that would have returned. */
const patienceFor = (count: number): number => 120_000 + count * 1_000

/**
 * Runs the first `count` seeds with the defect, in a process of its own, until one breaks a promise. What has not returned after
 * `patience` (ms) is killed: no promise noticed it, so it counts as not noticed.
 */
export function bite(defect: Defect, count: number, patience = patienceFor(count)): Bite {
  const program = new URL('./run.ts', import.meta.url).pathname
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [program, '--defect', defect.name, '--count', String(count), '--most', '1'],
    // what spins in one instant of the simulation hears no other signal
    { encoding: 'utf8', timeout: patience, killSignal: 'SIGKILL' },
  )
  if (error)
    return { defect, seed: undefined, said: `did not return in ${patience} ms: ${error.message}` }
  const found = /^seed (\d+): (.*)$/m.exec(stdout)
  const seed = found ? Number(found[1]) : undefined
  return { defect, seed, said: found?.[2] ?? `${stdout}${stderr}`.trim() }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { count: { type: 'string', default: '2000' } },
    allowPositionals: true,
  })
  const chosen = defects.filter((d) => positionals.length === 0 || positionals.includes(d.name))
  let missed = 0
  for (const defect of chosen) {
    const { seed, said } = bite(defect, Number(values.count))
    if (seed === undefined) missed++
    process.stdout.write(`| ${defect.name} | ${seed ?? 'NOT NOTICED'} | ${said.slice(0, 140)} |\n`)
  }
  process.exitCode = missed > 0 ? 1 : 0
}
