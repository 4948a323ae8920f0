import { failure } from '../errors.ts'
import type { ScaledObject } from '../resources.ts'
import { ensureHpa, removeHpa, wantedHpa } from './hpa.ts'
import { hpaNow, type Loop } from './loop.ts'
import type { Resolved } from './resolve.ts'

/** The shortest time from one making of an HPA to the next (ms). */
const hpaPause = 1_000

/** Brings the workload's HPA to what its spec asks for. */
export async function makeHpa(loop: Loop, claimed: ScaledObject, next: Resolved): Promise<void> {
  const { state, shared, standing, whose, signal } = loop
  const { cluster, clock } = shared
  const wanted = wantedHpa(claimed, next, shared.version, shared.hold)
  // an HPA without metrics would be given one of the server's own, cpu
  if ((wanted.spec.metrics ?? []).length === 0)
    throw failure('SPEC_INVALID', { problems: ['no trigger announces a metric to scale on'] })
  const found = shared.findHpa(whose.namespace, wanted.metadata.name)
  // whoever takes it away may do so each time it is made: it comes back, a little later
  if (!found && clock.now() < state.hpaMade + hpaPause)
    throw failure('CLUSTER_CONFLICT', { what: `HorizontalPodAutoscaler ${wanted.metadata.name}` })
  const done = await ensureHpa(cluster, wanted, found, standing.hpaName, signal)
  if (done === 'created') state.hpaMade = clock.now()
  standing.named(wanted.metadata.name)
}

/** Ebb scales by itself: no HPA of the workload may do it too. */
export async function takeHpa(loop: Loop): Promise<void> {
  await letGo(loop)
  loop.standing.named(undefined)
}

/** Removes the workload's HPA, where there is one and it is the workload's. */
export async function letGo(loop: Loop): Promise<void> {
  const { state, shared, signal } = loop
  const hpa = hpaNow(loop)
  const { name, uid = '' } = state.object.metadata
  if (hpa && shared.writes()) await removeHpa(shared.cluster, { name, uid }, hpa, signal)
}
