import type { TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { error } from '../../src/scaler.ts'
import {
  deployment,
  forever,
  openBench,
  scaledObject,
  type Bench,
  type BenchOptions,
} from './controller.ts'
import type { QueueAnswer } from './memory-scaler.ts'

/** What a source in memory answers that is gone. */
export const unreachable = error(failure('SOURCE_UNREACHABLE', { address: 'memory', why: 'gone' }))

export interface ReadyOptions extends BenchOptions {
  /** What its queue answers; 0 where absent. */
  readonly answer?: QueueAnswer
  readonly annotations?: Readonly<Record<string, string>>
}

/** A bench with one Deployment and one ScaledObject, both `orders`, that was looked at once. */
export async function ready(
  t: TestContext,
  spec: Parameters<typeof scaledObject>[0] = {},
  replicas = 0,
  { answer = 0, annotations = {}, ...options }: ReadyOptions = {},
): Promise<Bench> {
  const bench = await openBench(options)
  t.after(() => bench.close())
  bench.source.queues.set('orders', answer)
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec, { annotations }), forever)
  await bench.clock.advance(1_000)
  return bench
}
