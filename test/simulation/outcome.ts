import type { EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { isDirect } from './direct/rules.ts'
import type { Process } from './process.ts'
import { boundsOf, isForced, pauseOf } from './rules.ts'
import { parametersOf } from './scenario.ts'
import type { Sources } from './sources.ts'
import { composedOf } from './ways/formulas.ts'
import { holds, ratiosOf } from './ways/rules.ts'

const signal = new AbortController().signal

/** What is not as it must be once nothing has gone wrong and nothing has changed for long. */
export async function outcomeProblems(
  cluster: EmbeddedCluster,
  sources: Sources,
  process: Process | undefined,
): Promise<readonly string[]> {
  if (!process?.control) return ['comes right: no process runs']
  const { items } = await cluster.list(kinds.scaledObject, {}, signal)
  const found = await Promise.all(
    items.map(async (object) => {
      const { namespace = '', name } = object.metadata
      const target = await cluster.get(kinds.deployment, { namespace, name }, signal)
      const hpa = await cluster.get(kinds.hpa, { namespace, name: `keda-hpa-${name}` }, signal)
      const replicas = target?.spec?.replicas ?? -1
      const problems = isWanted(object, sources, replicas) ? [] : [`has ${replicas} replicas`]
      if (object.metadata.deletionTimestamp !== undefined) problems.push('is not gone')
      if (pauseOf(object) === 'no') problems.push(...statusProblems(object, sources, replicas))
      if (pauseOf(object) === 'no' && isDirect(object) === (hpa !== undefined))
        problems.push(hpa ? 'has an HPA' : 'has no HPA')
      return problems.map((what) => `comes right: ${name} ${what}; ${JSON.stringify(object)}`)
    }),
  )
  return found.flat()
}

function statusProblems(
  object: ScaledObject,
  sources: Sources,
  replicas: number,
): readonly string[] {
  const wanted = {
    Ready: 'True',
    Active: isActive(object, sources, replicas) ? 'True' : 'False',
    Fallback: 'False',
  }
  const { conditions = [], health = {} } = object.status ?? {}
  const wrong = Object.entries(wanted).flatMap(([type, status]) => {
    const found = conditions.find((c) => c.type === type)?.status
    return found === status ? [] : [`is ${type}=${found}, not ${status}`]
  })
  const ill = Object.values(health).some((h) => h.status !== 'Happy')
  return ill ? [...wrong, 'has bad health'] : wrong
}

/** Whether something asks for it to run, where it has so many replicas: what only holds wakes nothing. */
function isActive(object: ScaledObject, sources: Sources, replicas: number): boolean {
  const { triggers, idleReplicaCount: idle, minReplicaCount: min = 0 } = object.spec
  if (isForced(object)) return true
  const composed = composedOf(object)
  if (composed) return composed.value(lengthsOf(object, sources)) > composed.activation
  const rests = replicas === 0 || (idle !== undefined && replicas < Math.max(min, 1))
  return triggers.some((trigger) => {
    const { queue, activation } = parametersOf(trigger)
    return sources.trueLength(queue) > activation && !(rests && holds(object, trigger))
  })
}

const lengthsOf = ({ spec }: ScaledObject, sources: Sources): readonly number[] =>
  spec.triggers.map((trigger) => sources.trueLength(parametersOf(trigger).queue))

/** Whether a count is right: where the HPA scales, any whose ratio to its own arithmetic is within its tolerance. */
function isWanted(object: ScaledObject, sources: Sources, replicas: number): boolean {
  const pause = pauseOf(object)
  if (pause !== 'no') return typeof pause !== 'number' || replicas === pause
  const { idleReplicaCount: idle } = object.spec
  const [min, max] = boundsOf(object)
  if (!isActive(object, sources, replicas) && (idle !== undefined || min === 0))
    return replicas === (idle ?? 0)
  const { least, most } = ratiosOf(object, lengthsOf(object, sources))
  const low = Math.max(min, 1)
  const within = (count: number): number => Math.min(max, Math.max(low, count))
  const { scaleDown } = object.spec.advanced?.horizontalPodAutoscalerConfig?.behavior ?? {}
  const high = scaleDown?.selectPolicy === 'Disabled' ? max : within(Math.ceil(most / 0.9) + 1)
  return replicas >= within(Math.ceil(least / 1.1) - 1) && replicas <= high
}
