import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createForeign } from '../../src/control/foreign.ts'
import { kinds } from '../../src/kinds.ts'
import { silentLog } from '../../src/log.ts'
import { manualClock } from '../support/clock.ts'
import { forever } from '../support/controller.ts'

const ref = { namespace: 'default', name: 'orders' }

describe('a mirror that lags behind the target that was asked', () => {
  const at = (resourceVersion: string, replicas: number) => ({ resourceVersion, replicas })

  /** The target has version 12 and three replicas of somebody else's; eight are accounted for. */
  async function asked() {
    const clock = manualClock()
    let gets = 0
    const foreign = createForeign(
      {
        clock,
        log: silentLog,
        known() {},
        cluster: {
          async getAny() {
            gets++
            const managedFields = [{ manager: 'other', operation: 'Update', subresource: 'scale' }]
            const metadata = { ...ref, resourceVersion: '12', managedFields }
            return { metadata, spec: { replicas: 3 } }
          },
        },
      },
      forever,
    )
    const found = { kind: kinds.deployment, target: ref }
    const look = (version: string, replicas: number): boolean =>
      foreign.mayDecide(found, at(version, replicas))
    assert.equal(look('9', 8), true)
    assert.equal(look('10', 2), false)
    await clock.advance(0)
    return { clock, foreign, look, gets: () => gets }
  }

  test('is waited for, and what it shows then is no second write', async () => {
    const { foreign, look, gets } = await asked()
    assert.equal(look('10', 2), false)
    assert.equal(look('11', 2), false)
    assert.equal(look('12', 3), true)
    assert.equal(look('13', 3), true)
    assert.equal(gets(), 1)
    assert.equal(foreign.contest(), undefined)
  })

  test('is not waited for longer than a minute', async () => {
    const { clock, look } = await asked()
    await clock.advance(60_000)
    assert.equal(look('11', 3), true)
  })

  test('shows a second write once it has caught up', async () => {
    const { clock, foreign, look, gets } = await asked()
    assert.equal(look('13', 4), false)
    await clock.advance(0)
    assert.equal(gets(), 2)
    assert.equal(foreign.contest()?.manager, 'other')
  })

  test('says nothing of another target, which is looked at anew', async () => {
    const { foreign, look, gets } = await asked()
    const other = { kind: kinds.deployment, target: { ...ref, name: 'mails' } }
    assert.equal(foreign.mayDecide(other, at('5', 1)), true)
    assert.equal(look('13', 4), true)
    assert.equal(gets(), 1)
  })
})
