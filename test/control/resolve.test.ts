import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveSpec } from '../../src/control/resolve.ts'
import type { Targets } from '../../src/control/target.ts'
import type { PlanSource } from '../../src/control/triggers.ts'
import { failure } from '../../src/errors.ts'
import { forever, scaledObject } from '../support/controller.ts'

const fleet = { group: 'example.test', version: 'v1', kind: 'Fleet', plural: 'fleets' }
const scaleTargetRef = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'fleet' }

/** A target of a kind of somebody's own, whose scale answers like this. */
const targets = (read: Targets['read']): Targets => ({
  kindOf: async () => fleet,
  mirrored: () => undefined,
  status: () => undefined,
  read,
  containers: async () => [],
  onChange() {},
})

const refused: readonly [string, Targets['read'], RegExp][] = [
  [
    'Ebb may not scale names the ClusterRole that allows it',
    async () => {
      throw failure('CLUSTER_FORBIDDEN', { what: 'reading', why: 'no Role' })
    },
    /not allowed to scale Fleet fleet; .*ebb\.dev\/aggregate-to-controller.*"example\.test": get of fleets, get and update of fleets\/scale/,
  ],
  [
    'has no /scale says so',
    async () => {
      throw failure('CLUSTER_INVALID', { what: 'reading', why: 'Fleet has no /scale' })
    },
    /Fleet fleet cannot be scaled: .*Fleet has no \/scale/,
  ],
  ['is not there says so', async () => undefined, /Fleet fleet does not exist/],
]
for (const [name, read, message] of refused) {
  test(`a target that ${name}`, async () => {
    // the target is looked at first: triggers are not reached
    const source = {} as PlanSource
    const object = scaledObject({ scaleTargetRef })
    await assert.rejects(resolveSpec(object, targets(read), source, forever), { message })
  })
}
