import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Clock } from '../../../src/clock.ts'
import type { Cluster } from '../../../src/cluster.ts'
import { need } from '../../support/need.ts'

/** Where one test of the contract plays. What is optional a cluster may lack; tests that need it are skipped then. */
export interface Stage {
  readonly cluster: Cluster
  readonly clock: Clock
  /** Exists, is empty and belongs to this test alone. */
  readonly namespace: string
  /** Lets time go by, really or on a manual clock, and lets the cluster's controllers work. */
  pass(ms: number): Promise<void>
  /** Sets spec.replicas of a Deployment of the namespace through /scale, as another field manager. */
  scaleAs(manager: string, name: string, replicas: number): Promise<void>
  /** Whether the kinds of keda.sh are installed. */
  readonly custom: boolean
  /** Ends every open watch, as a restart of the API server does. */
  readonly cutWatches?: () => Promise<void>
  /** Forgets the history up to now, so that versions and `next` tokens from before are too old. */
  readonly forget?: () => Promise<void>
  /** Keeps open watches open, but lets no event and no bookmark through them any more. */
  readonly muteWatches?: () => Promise<void>
  /** How often a quiet watch gives a bookmark, in ms. */
  readonly bookmarkPeriod?: number
  /** Whether TokenReview and SubjectAccessReview are answered. */
  readonly reviews?: boolean
  /** Whether objects are refused in a namespace that does not exist. */
  readonly namespaces?: boolean
}

/** Called once per test, gives it a stage of its own; no stage where the test has skipped itself. */
export interface Open {
  (t: TestContext): Promise<Stage | undefined>
  /** What this cluster lacks by nature: tests that need it are not made. */
  readonly lacks?: readonly Ability[]
}

export type Ability = keyof Omit<Stage, 'cluster' | 'clock' | 'namespace' | 'pass' | 'scaleAs'>

/** Long enough for what a real API server does once a minute. */
const timeout = 150_000

/** One test of the contract. */
export function check(
  open: Open,
  name: string,
  needs: readonly Ability[],
  body: (stage: Stage, signal: AbortSignal) => Promise<void>,
): void {
  if (needs.some((ability) => open.lacks?.includes(ability))) return
  void test(name, { timeout }, async (t) => {
    const stage = await open(t)
    if (!stage) return
    for (const ability of needs) {
      const present = stage[ability] !== undefined && stage[ability] !== false
      if (ability === 'custom' && !need(t, present, 'the kinds of keda.sh are not installed'))
        return
      assert.ok(present, `the stage must offer ${ability}, or say that it lacks it`)
    }
    await body(stage, t.signal)
  })
}

/** Waits until `probe` gives something, letting time pass in between; fails with `what` after 90 s: real controllers back off. */
export async function eventually<T>(
  stage: Stage,
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (let waited = 0; waited < 90_000; waited += 100) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    await stage.pass(100)
  }
  throw new Error(`in vain waited until ${what}`)
}

/** Takes events until there are no more. */
export async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
