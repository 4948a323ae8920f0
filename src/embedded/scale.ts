import type { Ref } from '../cluster.ts'
import { failure } from '../errors.ts'
import type { Scale } from '../resources.ts'
import type { Stored } from './json.ts'
import { frozen, valueAt, withValue } from './json.ts'
import type { Rule, ScalePaths } from './rule.ts'
import type { Server } from './server.ts'
import { nameOf } from './address.ts'
import { controllers, type By } from './writers.ts'

/** The scale of an object; undefined where there is no object. */
export function readScale(server: Server, rule: Rule, ref: Ref): Scale | undefined {
  const paths = scalePaths(rule, ref)
  const object = server.get(rule, ref)
  return object && scaleOf(object, paths)
}

/** Writes the replicas alone; guarded by the resourceVersion and uid the scale carries. */
export function writeScale(server: Server, rule: Rule, scale: Scale, by: By = controllers): Scale {
  const { name, namespace = '', resourceVersion, uid } = scale.metadata
  const ref = { namespace, name }
  const paths = scalePaths(rule, ref)
  const { replicas } = scale.spec
  if (!Number.isInteger(replicas) || replicas < 0)
    throw failure('CLUSTER_INVALID', {
      what: `the scale of ${nameOf(rule, ref)}`,
      why: 'spec.replicas: must be an integer of at least 0',
    })
  const patch = withValue({ metadata: { resourceVersion, uid } }, paths.replicas, replicas)
  const written = server.patch(rule, ref, patch, 'main', { ...by, subresource: 'scale' })
  return scaleOf(written, paths)
}

function scalePaths(rule: Rule, ref: Ref): ScalePaths {
  if (rule.scale) return rule.scale
  throw failure('CLUSTER_INVALID', {
    what: `the scale of ${nameOf(rule, ref)}`,
    why: `${rule.kind.kind} has no scale subresource`,
  })
}

function scaleOf(object: Stored, paths: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return frozen({
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(valueAt(object, paths.replicas) ?? 0) },
    status: {
      replicas: Number(valueAt(object, paths.status) ?? 0),
      selector: paths.selector(object),
    },
  })
}
