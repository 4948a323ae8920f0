import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { bite } from './bite.ts'
import { defects } from './defects.ts'
import { generate } from './generate.ts'
import { simulate } from './simulate.ts'

test('a seed makes the same simulation, step by step, each time', async () => {
  const tell = async (seed: number): Promise<readonly string[]> => {
    const lines: string[] = []
    await simulate(generate(seed), (seconds, text) => lines.push(`${seconds} ${text}`))
    return lines
  }
  for (const seed of [3, 4]) assert.deepEqual(await tell(seed), await tell(seed))
})

test('a defect that does not return in time is ended, and counts as not noticed', () => {
  const [defect] = defects
  assert.ok(defect)
  const { seed, said } = bite(defect, 1, 1)
  assert.equal(seed, undefined)
  assert.match(said, /^did not return in 1 ms/)
})

test('each defect can still be put in: the line it changes stands in the program, once', () => {
  for (const defect of defects)
    for (const { file, find } of defect.also ? [defect, defect.also] : [defect]) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
      assert.equal(text.split(find).length, 2, `${defect.name} in ${file}`)
    }
})

for (const defect of defects.filter((d) => d.quick === true))
  test(`the simulation notices the defect: ${defect.name}`, () => {
    const { seed, said } = bite(defect, 60)
    assert.notEqual(seed, undefined, said)
    assert.ok(said.startsWith(defect.breaks), said)
  })
