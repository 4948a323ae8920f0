import * as z from 'zod'
import type { Clock } from '../clock.ts'
import type { ScalableKind } from '../cluster.ts'
import { failure } from '../errors.ts'
import { untilAborted } from './abort.ts'
import { groupPath } from './paths.ts'
import { refusal, statusOf } from './status.ts'
import type { Wire } from './wire.ts'

export interface Discovery {
  /** The kind, or undefined where the cluster does not have it. */
  resolve(apiVersion: string, kind: string, signal: AbortSignal): Promise<ScalableKind | undefined>
}

/** The kinds of one group and version, by name. */
type Shelf = ReadonlyMap<string, string>

interface Known {
  readonly at: number
  readonly shelf: Promise<Shelf>
}

/** Kinds seldom change once they are there. */
const goodFor = 10 * 60_000
/** What was not there may come with the next apply; thousands of workloads that want it ask once in so long (ms). */
const missingFor = 2_000
const groupsKept = 100

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
})

/** Asks the server which kinds a group and version has, once for all who want to know, until `end` aborts. */
export function discovery(wire: Wire, clock: Clock, end: AbortSignal): Discovery {
  const known = new Map<string, Known>()

  const ask = (apiVersion: string): Promise<Shelf> => {
    const shelf = read(wire, apiVersion, end)
    const mine = { at: clock.now(), shelf }
    known.delete(apiVersion)
    known.set(apiVersion, mine)
    const [oldest] = known.keys()
    if (known.size > groupsKept && oldest !== undefined) known.delete(oldest)
    shelf.catch(() => {
      if (known.get(apiVersion) === mine) known.delete(apiVersion)
    })
    return shelf
  }

  return {
    async resolve(apiVersion, kind, signal) {
      if (split(apiVersion).version === '') return undefined
      const cached = known.get(apiVersion)
      const age = clock.now() - (cached?.at ?? 0)
      const fresh = cached !== undefined && age < goodFor
      const shelf = await untilAborted(fresh ? cached.shelf : ask(apiVersion), signal)
      const found = kindOf(apiVersion, kind, shelf)
      if (found || !fresh || age < missingFor) return found
      return kindOf(apiVersion, kind, await untilAborted(ask(apiVersion), signal))
    },
  }
}

function kindOf(apiVersion: string, kind: string, shelf: Shelf): ScalableKind | undefined {
  const plural = shelf.get(kind)
  return plural === undefined ? undefined : { ...split(apiVersion), kind, plural }
}

async function read(wire: Wire, apiVersion: string, signal: AbortSignal): Promise<Shelf> {
  const request = {
    method: 'GET',
    path: groupPath(split(apiVersion)),
    doing: 'discovering',
    object: apiVersion,
  } as const
  const { code, body } = await wire.call(request, signal)
  if (code === 404) return new Map()
  if (code >= 300) throw refusal(statusOf(code, body), request)
  const list = resourceList.safeParse(body)
  if (!list.success) {
    throw failure('CLUSTER_FAILED', {
      what: `discovering ${apiVersion}`,
      why: 'the answer lists no kinds',
    })
  }
  // `deployments/scale` has the kind Scale: subresources are no kinds of their own.
  const own = list.data.resources.filter((r) => !r.name.includes('/'))
  return new Map(own.map((r) => [r.kind, r.name]))
}

function split(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/')
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) }
}
