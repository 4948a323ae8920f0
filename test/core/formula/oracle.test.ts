import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { goProgram } from '../../support/go-program.ts'
import { hasProgram, need } from '../../support/need.ts'
import { difference, ours, theirs, type Question } from './ask.ts'
import { careful } from './careful.ts'
import { cases } from './cases.ts'
import { damaged, questions } from './generate.ts'

const folder = join(import.meta.dirname, '..', '..', 'expr-oracle')
const minutes = { timeout: 300_000 }

/** Asks both, and shows where they part. */
async function compare(t: TestContext, asked: readonly Question[]): Promise<void> {
  if (!need(t, hasProgram('go', 'version'), 'Go, to build the real evaluator')) return
  const program = await goProgram(folder, t.signal)
  const answers = await theirs(program, asked, t.signal)
  const apart = asked.flatMap((q, i) => {
    const real = answers[i]
    const how = real ? difference(q, ours(q), real) : 'no answer'
    return how === undefined ? [] : [`${q.formula}  with ${JSON.stringify(q.values)}: ${how}`]
  })
  assert.deepEqual(apart.slice(0, 20), [])
}

/** EBB_SEED and EBB_FORMULAS ask others, and more. */
const sample = (kind: fc.Arbitrary<Question>): Question[] =>
  fc.sample(kind, {
    numRuns: Number(process.env['EBB_FORMULAS'] ?? 4_000),
    seed: Number(process.env['EBB_SEED'] ?? 1),
  })

test('formulas mean what they mean to the real evaluator', minutes, (t) => compare(t, cases))

for (const [what, kind] of [
  ['generated formulas mean what they mean to the real evaluator', questions],
  ['formulas that hold together have the values that the real evaluator gives them', careful],
  ['damaged formulas are refused where the real evaluator refuses them', damaged],
] as const)
  test(what, minutes, (t) => compare(t, sample(kind)))
