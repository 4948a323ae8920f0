import { parseTime } from './clock.ts'
import { parseMilli } from './core/quantity.ts'
import type { Amounts, PodBackground } from './core/usage.ts'
import type { Pod } from './resources.ts'

/** What a pod's cpu and memory are judged by. */
export function backgroundOf({ metadata, spec = {}, status = {} }: Pod): PodBackground {
  const lasting = [
    ...(spec.containers ?? []),
    // a sidecar runs as long as the pod does
    ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always'),
  ]
  const containers = lasting.map(({ name, resources }) => ({
    name,
    ...amountsOf(resources?.requests),
  }))
  const ready = status.conditions?.find((c) => c.type === 'Ready')
  return {
    leaving: metadata.deletionTimestamp !== undefined,
    started: parseTime(status.startTime),
    readiness: ready && {
      status: ready.status,
      since: parseTime(ready.lastTransitionTime) ?? 0,
    },
    containers,
    whole: wholeOf(spec, containers),
  }
}

/** In thousandths; what cannot be read is not there. */
export const amountsOf = (list: Readonly<Record<string, string>> | undefined): Amounts => ({
  cpu: amount(list?.['cpu']),
  memory: amount(list?.['memory']),
})

const amount = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseMilli(text)

/** Requests of a pod that has any of its own: where it names only one resource, its containers say the other. */
function wholeOf(
  { resources, overhead }: NonNullable<Pod['spec']>,
  containers: readonly Amounts[],
): Amounts | undefined {
  const own = amountsOf(resources?.requests)
  if (own.cpu === undefined && own.memory === undefined) return undefined
  const more = amountsOf(overhead)
  const of = (resource: keyof Amounts): number | undefined => {
    const asked = containers.flatMap((c) => c[resource] ?? [])
    const sum = asked.length > 0 ? asked.reduce((a, b) => a + b) : undefined
    const request = own[resource] ?? sum
    return request === undefined ? undefined : request + (more[resource] ?? 0)
  }
  return { cpu: of('cpu'), memory: of('memory') }
}
