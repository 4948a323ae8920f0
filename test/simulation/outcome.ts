import type { EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { isDirect } from './direct/rules.ts'
import type { Process } from './process.ts'
import { pauseOf } from './rules.ts'
import { parametersOf } from './scenario.ts'
import type { Sources } from './sources.ts'

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
      const problems = wantedReplicas(object, sources)(replicas) ? [] : [`has ${replicas} replicas`]
      if (object.metadata.deletionTimestamp !== undefined) problems.push('is not gone')
      if (pauseOf(object) === 'no') problems.push(...statusProblems(object, sources))
      if (pauseOf(object) === 'no' && isDirect(object) === (hpa !== undefined))
        problems.push(hpa ? 'has an HPA' : 'has no HPA')
      return problems.map((what) => `comes right: ${name} ${what}; ${JSON.stringify(object)}`)
    }),
  )
  return found.flat()
}

function statusProblems(object: ScaledObject, sources: Sources): readonly string[] {
  const wanted = {
    Ready: 'True',
    Active: isActive(object, sources) ? 'True' : 'False',
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

const isActive = (object: ScaledObject, sources: Sources): boolean =>
  object.metadata.annotations?.['autoscaling.keda.sh/force-activation'] !== undefined ||
  object.spec.triggers.some((trigger) => {
    const { queue, activation } = parametersOf(trigger)
    return sources.trueLength(queue) > activation
  })

/** Which counts are right: where the HPA scales, all whose ratio to its own arithmetic is within its tolerance. */
function wantedReplicas(object: ScaledObject, sources: Sources): (replicas: number) => boolean {
  const pause = pauseOf(object)
  if (pause !== 'no') return (replicas) => typeof pause !== 'number' || replicas === pause
  const {
    minReplicaCount: min = 0,
    maxReplicaCount: max = 100,
    idleReplicaCount: idle,
  } = object.spec
  if (!isActive(object, sources) && (idle !== undefined || min === 0))
    return (replicas) => replicas === (idle ?? 0)
  const asked = object.spec.triggers.map((trigger) => {
    const { queue, target } = parametersOf(trigger)
    return sources.trueLength(queue) / target
  })
  const ratio = Math.max(...asked)
  const low = Math.max(min, 1)
  const within = (count: number): number => Math.min(max, Math.max(low, count))
  const { scaleDown } = object.spec.advanced?.horizontalPodAutoscalerConfig?.behavior ?? {}
  const most = scaleDown?.selectPolicy === 'Disabled' ? max : within(Math.ceil(ratio / 0.9) + 1)
  return (replicas) => replicas >= within(Math.ceil(ratio / 1.1) - 1) && replicas <= most
}
