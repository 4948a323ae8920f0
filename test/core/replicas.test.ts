import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { play } from './replicas.play.ts'
import { allSeries } from './replicas.series.ts'

describe('an HPA', () => {
  for (const series of allSeries)
    test(series.name, () => {
      const { trace, conditions } = play(series)
      assert.deepEqual(trace, series.trace)
      for (const [type, reason] of Object.entries(series.conditions))
        assert.equal(conditions.get(type)?.reason, reason, type)
    })
})
