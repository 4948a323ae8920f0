import { test } from 'node:test'
import assert from 'node:assert/strict'
import { generate } from './generate.ts'
import { simulate } from './simulate.ts'

/** One test over many seeds: more tests would say no more, and cost. Goes on after a failure, to show up to five. */
export function testSeeds(from: number, to: number): void {
  // sources fail all the time here, and a failure costs most by its stack; `--verbose` keeps them
  Error.stackTraceLimit = 0
  test(`every promise holds in the simulations ${from} to ${to}`, async () => {
    const failed: string[] = []
    for (let seed = from; seed <= to && failed.length < 5; seed++) {
      const { violations } = await simulate(generate(seed))
      if (violations.length > 0)
        failed.push(`node test/simulation/run.ts --seed ${seed} # ${violations[0]?.slice(0, 300)}`)
    }
    assert.equal(failed.length, 0, `reproduce with\n${failed.join('\n')}`)
  })
}
