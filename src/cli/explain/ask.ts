import { request } from 'undici'
import type { WorkloadView } from '../../control/insight.ts'
import { failure, isFailure, reasonOf } from '../../errors.ts'

/** A workload as the controller sees it, and the time there (epoch ms). */
export interface Answer {
  readonly view: WorkloadView
  readonly at: number
}

export interface ObjectName {
  readonly namespace: string
  readonly name: string
}

/** Asks the page's own API at `base`. Fails with WORKLOAD_UNKNOWN or ANSWER_UNREADABLE. */
export async function askPage(
  base: string,
  { namespace, name }: ObjectName,
  signal: AbortSignal,
): Promise<Answer> {
  const address = new URL(`api/workloads/${namespace}/${name}`, base).href
  try {
    const { statusCode, body } = await request(address, { signal, headersTimeout: 5_000 })
    const answer: unknown = await body.json()
    if (statusCode === 404) throw failure('WORKLOAD_UNKNOWN', { workload: `${namespace}/${name}` })
    // written by the same version of Ebb, from these very types
    const { at, workload } = answer as { at: number; workload: WorkloadView }
    return { at, view: workload }
  } catch (error) {
    signal.throwIfAborted()
    if (isFailure(error)) throw error
    throw failure('ANSWER_UNREADABLE', { address, why: reasonOf(error) }, error)
  }
}
