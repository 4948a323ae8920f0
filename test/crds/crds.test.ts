import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crds } from '../../src/crds/crds.ts'
import type { Schema } from '../../src/crds/schema.ts'
import { stale } from '../../tools/crds.ts'

const schemaOf = (plural: string): Schema => {
  const crd = crds().find((c) => c.spec.names.plural === plural)
  assert.ok(crd, plural)
  return crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}
}

/** Every schema inside one, with its path. */
function* inside(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema]
  for (const [name, s] of Object.entries(schema.properties ?? {}))
    yield* inside(s, `${path}.${name}`)
  if (schema.items) yield* inside(schema.items, `${path}[]`)
  if (schema.additionalProperties) yield* inside(schema.additionalProperties, `${path}{}`)
}

const all = crds().flatMap((c) => [...inside(schemaOf(c.spec.names.plural), c.spec.names.kind)])

void describe('the custom resource definitions', () => {
  void it('are what manifests/crds holds', async () => {
    assert.deepEqual(await stale(), [], 'run `node tools/crds.ts`')
  })

  const conditions = (...types: string[]): string[] =>
    types.map((type) => `${type} .status.conditions[?(@.type=="${type}")].status`)
  const listed = [
    'Triggers .status.triggersTypes',
    'Authentications .status.authenticationsTypes',
    'Age .metadata.creationTimestamp',
  ]
  const bounds = ['Min .spec.minReplicaCount', 'Max .spec.maxReplicaCount']
  const columns: Readonly<Record<string, readonly string[]>> = {
    so: [
      'ScaleTargetKind .status.scaleTargetKind',
      'ScaleTargetName .spec.scaleTargetRef.name',
      ...bounds,
      ...conditions('Ready', 'Active', 'Fallback', 'Paused'),
      ...listed,
    ],
    sj: [...bounds, ...conditions('Ready', 'Active', 'Paused'), ...listed],
  }
  for (const [short, expected] of Object.entries(columns))
    void it(`print KEDA's columns of ${short} in KEDA's order (1.7)`, () => {
      const crd = crds().find((c) => c.spec.names.shortNames?.includes(short))
      const found = crd?.spec.versions[0]?.additionalPrinterColumns
      assert.deepEqual(
        found?.map(({ name, jsonPath }) => `${name} ${jsonPath}`),
        expected,
      )
    })

  void it('demand only fields that they have', () => {
    for (const [path, schema] of all) {
      for (const name of schema.required ?? [])
        assert.ok(schema.properties?.[name], `${path}.${name}`)
    }
  })

  void it('say in `kubectl explain` what every field of a spec is for', () => {
    const silent = all.filter(
      ([path, s]) =>
        path.includes('.spec.') && !/[[{]/.test(path.slice(-2)) && s.description === undefined,
    )
    assert.deepEqual(
      silent.map(([path]) => path),
      [],
    )
  })

  void it('keep unknown fields in the Jobs of a ScaledJob and nowhere else', () => {
    const open = all.filter(([, s]) => s['x-kubernetes-preserve-unknown-fields'])
    assert.ok(open.length > 0)
    for (const [path] of open) assert.match(path, /^ScaledJob\.spec\.jobTargetRef/)
  })

  void it('give both authentication kinds the same spec', () => {
    const spec = (plural: string) => schemaOf(plural).properties?.['spec']
    assert.deepEqual(spec('triggerauthentications'), spec('clustertriggerauthentications'))
  })

  void it('store a default only where KEDA does', () => {
    const defaults = all.filter(([, s]) => s.default !== undefined)
    assert.deepEqual(
      defaults.map(([path, s]) => `${path}=${s.default}`),
      [
        'ScaledObject.spec.fallback.behavior=static',
        'TriggerAuthentication.spec.oauth2.type=clientCredentials',
        'ClusterTriggerAuthentication.spec.oauth2.type=clientCredentials',
      ],
    )
  })
})
