import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { scaledObjectProblems } from '../src/admission/scaledobject.ts'
import type { Given } from '../src/metadata/fields.ts'
import { read, unknownKeys } from '../src/metadata/schema.ts'
import { describe as described, describedTypes } from '../src/registry.ts'
import type {
  ScaledJob,
  ScaledObject,
  TriggerAuthentication,
  TriggerSpec,
} from '../src/resources.ts'

const folder = new URL('../manifests/examples/', import.meta.url)

type Example = { readonly kind: string; readonly metadata: { readonly name: string } }
const parse = (file: string): readonly Example[] =>
  parseAllDocuments(readFileSync(new URL(file, folder), 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [])
    return document.toJS() as Example // whatever it holds, the assertions below look at it
  })

/** The one object of a kind; its shape is what the caller expects of an object of that kind. */
const only = (objects: readonly Example[], kind: string): Example => {
  const found = objects.filter((object) => object.kind === kind)
  assert.equal(found.length, 1, kind)
  return found[0] ?? assert.fail(kind)
}

/** The ScaledObject or ScaledJob of the file. */
const workloadOf = (objects: readonly Example[]): (ScaledObject | ScaledJob) & Example => {
  const kind = objects.some((o) => o.kind === 'ScaledJob') ? 'ScaledJob' : 'ScaledObject'
  return only(objects, kind) as (ScaledObject | ScaledJob) & Example
}

/** What the trigger is given, resolved within the file alone. */
function givenOf(objects: readonly Example[], trigger: TriggerSpec): Given {
  const workload = { namespace: 'default', name: workloadOf(objects).metadata.name }
  const alone = { trigger: trigger.metadata ?? {}, auth: {}, env: {}, identity: {}, workload }
  if (trigger.authenticationRef === undefined) return alone
  const auth = only(objects, 'TriggerAuthentication') as TriggerAuthentication & Example
  const secret = only(objects, 'Secret') as Example & { stringData: Record<string, string> }
  assert.equal(trigger.authenticationRef?.name, auth.metadata.name)
  const parameters = (auth.spec.secretTargetRef ?? []).map(({ parameter, name, key }) => {
    assert.equal(name, secret.metadata.name)
    return [parameter, secret.stringData[key] ?? assert.fail(`no ${key}`)] as const
  })
  return { ...alone, auth: Object.fromEntries(parameters) }
}

async function accepts(objects: readonly Example[]): Promise<void> {
  for (const trigger of workloadOf(objects).spec.triggers) {
    const scaler = await described(trigger.type)
    const given = givenOf(objects, trigger)
    assert.ok(
      read(trigger.type, scaler.fields, given, 'check' in scaler ? scaler.check : undefined),
    )
    assert.deepEqual(unknownKeys(scaler.fields, given.trigger), [])
  }
}

describe('the example of each scaler, of a ScaledJob, and of scaling without an HPA', () => {
  test('is there, and there is no other', () =>
    assert.deepEqual(
      readdirSync(folder).sort(),
      [...describedTypes, 'direct', 'scaledjob'].sort().map((type) => `${type}.yaml`),
    ))

  for (const type of describedTypes) {
    test(`${type} is a workload that its scaler accepts`, async () => {
      const objects = parse(`${type}.yaml`)
      const { spec } = only(objects, 'ScaledObject') as ScaledObject & Example
      assert.equal(spec.scaleTargetRef.name, only(objects, 'Deployment').metadata.name)
      assert.deepEqual(
        spec.triggers.map((trigger) => trigger.type),
        [type],
      )
      await accepts(objects)
    })
  }

  test('a ScaledJob has triggers that their scalers accept', () => accepts(parse('scaledjob.yaml')))

  test('without an HPA nothing in it contradicts another, and its scalers accept the triggers', async () => {
    const objects = parse('direct.yaml')
    const object = workloadOf(objects) as ScaledObject & Example
    assert.equal(object.metadata.annotations?.['ebb.dev/scaling'], 'direct')
    assert.equal(object.spec.scaleTargetRef.name, only(objects, 'Deployment').metadata.name)
    assert.deepEqual(scaledObjectProblems(object), [])
    await accepts(objects)
  })
})
