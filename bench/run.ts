/**
 * Runs the benchmarks: `npm run bench -- [--quick] [--json] [NAME...]`. Prints tables; with --json one line of JSON at the end,
 * `{"decide":{...},"poll":{...},"react":{...},"metrics_api":{...},"fleet":{...}|null}`. What was not run is null.
 */
import { existsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'

/** What a benchmark file exports as `run`: prints through `log`, gives its figures, or null where it cannot run here. */
type Run = (options: {
  readonly quick: boolean
  readonly log: (line: string) => void
}) => Promise<object | null>

/** Name, which is also the file's, and key in the JSON; in the order they run. */
const known = [
  { name: 'decide', key: 'decide' },
  { name: 'poll', key: 'poll' },
  { name: 'react', key: 'react' },
  { name: 'metrics-api', key: 'metrics_api' },
  { name: 'fleet', key: 'fleet' },
] as const

const { values: flags, positionals: names } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
  allowPositionals: true,
})

const unknown = names.filter((name) => !known.some((bench) => bench.name === name))
if (unknown.length > 0) {
  const all = known.map(({ name }) => name).join(', ')
  console.error(`no benchmark named ${unknown.join(', ')}; there are ${all}`)
  process.exit(1)
}

const { model } = cpus()[0] ?? { model: 'unknown processor' }
const memory = Math.round(totalmem() / 2 ** 30)
const load = (loadavg()[0] ?? 0).toFixed(1)
console.log(
  `Node ${process.version}, ${availableParallelism()} x ${model}, ${memory} GiB; load before: ${load}`,
)

const json: Record<string, object | null> = {}
for (const { name, key } of known) {
  json[key] = null
  if (names.length > 0 && !names.includes(name)) continue
  const file = new URL(`${name}.bench.ts`, import.meta.url)
  if (!existsSync(file)) {
    console.log(`\n${name}: not there, skipped`)
    continue
  }
  console.log(`\n${name}`)
  // every benchmark exports `run`, as bench/README.md asks
  const { run } = (await import(file.href)) as { readonly run: Run }
  json[key] = await run({ quick: flags.quick === true, log: (line) => console.log(line) })
  if (json[key] === null) console.log('  cannot run here, or not asked for')
}
if (flags.json === true) console.log(JSON.stringify(json))
