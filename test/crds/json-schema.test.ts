import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { before, describe, it } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { jsonSchemaOf, schemaKinds } from '../../src/crds/json-schema.ts'
import { metadataTextSchema } from '../../src/metadata/editor.ts'
import { describe as load, describedTypes as types } from '../../src/registry.ts'
import { samples } from '../manifests/samples.ts'

type Validate = (value: unknown) => boolean
/** A validator that fastify brings; the schemas are compiled as strictly as it can. */
const { Ajv2020: Validator } = createRequire(createRequire(import.meta.url).resolve('fastify'))(
  'ajv/dist/2020.js',
) as {
  readonly Ajv2020: new (options: object) => { compile(schema: object): Validate }
}

const compile = (schema: object): Validate =>
  new Validator({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
  }).compile(schema)

const triggers = new Map<string, object>()
let all: Validate
before(async () => {
  for (const type of types) triggers.set(type, metadataTextSchema((await load(type)).fields))
  all = compile(jsonSchemaOf(undefined, triggers))
})

const scaledObject = (trigger: object, more: object = {}): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'a' },
  spec: { scaleTargetRef: { name: 'a' }, triggers: [trigger], ...more },
})
const queue = (metadata: object): object => scaledObject({ type: 'azure-queue', metadata })
const cpu = (metadata: object, more: object = {}): object =>
  scaledObject({ type: 'cpu', metricType: 'Utilization', metadata }, more)

void describe('the JSON Schema for editors', () => {
  void it('compiles for each kind', () => {
    for (const kind of schemaKinds()) compile(jsonSchemaOf(kind, triggers))
  })

  void it('accepts every example', () => {
    for (const file of readdirSync('manifests/examples'))
      for (const document of parseAllDocuments(readFileSync(`manifests/examples/${file}`, 'utf8')))
        assert.equal(all(document.toJS()), true, file)
  })

  void it('accepts what the API server accepts', () => {
    // its triggers lack what their scalers need, which is not the API server's to say
    const bare = compile(jsonSchemaOf(undefined, new Map()))
    for (const { name, object, refused } of samples)
      if (refused === undefined && 'spec' in object && object.spec !== undefined)
        assert.equal(bare(object), true, name)
  })

  const rows: readonly (readonly [name: string, object: object, good: boolean])[] = [
    ['a trigger', queue({ queueName: 'q', queueLength: '5' }), true],
    ['a parameter from the environment', queue({ queueName: 'q', connectionFromEnv: 'C' }), true],
    ['a parameter that is missing', queue({ queueLength: '5' }), false],
    ['a parameter that there is none of', queue({ queueName: 'q', queueLenght: '5' }), false],
    ['a number that is none', queue({ queueName: 'q', queueLength: 'many' }), false],
    ['a number without quotes', queue({ queueName: 'q', queueLength: 5 }), false],
    ['a word that is none of those', queue({ queueName: 'q', queueLengthStrategy: 'some' }), false],
    ['a type there is no scaler for', scaledObject({ type: 'other', metadata: { a: 'b' } }), true],
    ['cpu of one container', cpu({ value: '50', containerName: 'main' }), true],
    ['cpu without a value', cpu({ containerName: 'main' }), false],
    ['a parameter that cpu has none of', cpu({ value: '50', containername: 'main' }), false],
    ['a field that there is none of', cpu({ value: '50' }, { x: 1 }), false],
    ['a number out of range', cpu({ value: '50' }, { minReplicaCount: -1 }), false],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }, true],
    ['no name', { ...queue({ queueName: 'q' }), metadata: {} }, false],
  ]
  for (const [name, object, good] of rows)
    void it(`${good ? 'accepts' : 'refuses'} ${name}`, () => assert.equal(all(object), good))
})
