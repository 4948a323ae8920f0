import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Content } from '../../src/auth/store.ts'
import { environment, expand } from '../../src/control/environment.ts'
import type { Container, EnvVar } from '../../src/resources.ts'

const contents: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Secret/s': { key: 'of-secret', A: 'A-of-secret', empty: '' },
  'ConfigMap/c': { key: 'of-config', A: 'A-of-config', B: 'B-of-config' },
}

const read = async (kind: string, name: string): Promise<Content> => {
  const data = contents[`${kind}/${name}`]
  return data ? { data } : { problem: `${kind} ${name} does not exist`, missing: true }
}

const of = (container: Partial<Container>, ...names: readonly string[]) =>
  environment({ name: 'main', ...container }, names, read)

const secret = (key: string, name = 's', optional?: boolean): EnvVar['valueFrom'] => ({
  secretKeyRef: { name, key, ...(optional !== undefined && { optional }) },
})

describe('a variable of a container', () => {
  const rows: readonly (readonly [string, Partial<Container>, string | undefined, RegExp])[] = [
    ['written', { env: [{ name: 'A', value: 'a' }] }, 'a', /^$/],
    ['written without a value', { env: [{ name: 'A' }] }, '', /^$/],
    ['not there', {}, undefined, /^$/],
    [
      'written twice: the later counts',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      '2',
      /^$/,
    ],
    ['of a Secret', { env: [{ name: 'A', valueFrom: secret('key') ?? {} }] }, 'of-secret', /^$/],
    [
      'of a ConfigMap',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'key' } } }] },
      'of-config',
      /^$/,
    ],
    [
      'of a key that is missing',
      { env: [{ name: 'A', valueFrom: secret('none') ?? {} }] },
      '',
      /^$/,
    ],
    [
      'of a Secret that is missing',
      { env: [{ name: 'A', valueFrom: secret('key', 'none') ?? {} }] },
      undefined,
      /variable A: Secret none does not exist/,
    ],
    [
      'of one that is missing and may be',
      { env: [{ name: 'A', valueFrom: secret('key', 'none', true) ?? {} }] },
      undefined,
      /^$/,
    ],
    [
      'of a field of the pod',
      { env: [{ name: 'A', valueFrom: { fieldRef: {} } }] },
      undefined,
      /^$/,
    ],
    [
      'of a resource of the container',
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: {} } }] },
      undefined,
      /^$/,
    ],
    [
      'of envFrom: the later source counts',
      { envFrom: [{ secretRef: { name: 's' } }, { configMapRef: { name: 'c' } }] },
      'A-of-config',
      /^$/,
    ],
    [
      'of envFrom and of env: env counts',
      { envFrom: [{ secretRef: { name: 's' } }], env: [{ name: 'A', value: 'own' }] },
      'own',
      /^$/,
    ],
    [
      'of a source that is missing',
      { envFrom: [{ secretRef: { name: 'none' } }] },
      undefined,
      /variable A: Secret none does not exist/,
    ],
    [
      'of a source that is missing and may be',
      { envFrom: [{ secretRef: { name: 'none', optional: true } }] },
      undefined,
      /^$/,
    ],
  ]
  for (const [name, container, value, why] of rows)
    test(`${name} is ${value === undefined ? 'absent' : `"${value}"`}`, async () => {
      const { values, problems } = await of(container, 'A')
      assert.equal(values['A'], value)
      assert.match(problems.join(), why)
    })

  test('of a source with a prefix has the prefix', async () => {
    const envFrom = [{ prefix: 'P_', configMapRef: { name: 'c' } }]
    const { values } = await of({ envFrom }, 'P_A', 'A', 'P_')
    assert.deepEqual(values, { P_A: 'A-of-config' })
  })
  test('of a name that every object has is as absent as any other', async () => {
    const env = [{ name: 'A', valueFrom: secret('constructor') ?? {} }]
    const envFrom = [{ configMapRef: { name: 'c' } }]
    const { values } = await of({ env, envFrom }, 'A', 'toString')
    assert.deepEqual(values, { A: '' })
  })
  test('is not disturbed by one that cannot be read and is not asked for', async () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', valueFrom: secret('key', 'none') ?? {} },
    ]
    assert.deepEqual(await of({ env }, 'A'), { values: { A: 'a' }, problems: [] })
  })
  test('refers to earlier ones and to those of envFrom, not to itself and not to later ones', async () => {
    const env = [
      { name: 'A', value: '$(A)-$(B)-$(C)' },
      { name: 'C', value: 'c' },
      { name: 'D', value: '$(C)$(A)' },
    ]
    const { values } = await of({ env, envFrom: [{ configMapRef: { name: 'c' } }] }, 'A', 'D')
    assert.equal(values['A'], 'A-of-config-B-of-config-$(C)')
    assert.equal(values['D'], 'cA-of-config-B-of-config-$(C)')
  })
})

describe('references in a value', () => {
  const known: Readonly<Record<string, string>> = { A: 'a', 'A$(B': 'odd', EMPTY: '', $: 'sign' }
  const rows = [
    ['$(A)', 'a'],
    ['x$(A)y$(A)', 'xaya'],
    ['$(NONE)', '$(NONE)'],
    ['$(EMPTY)', ''],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$$$', '$$'],
    ['$', '$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['$(A)$(B', 'a$(B'],
    ['$(A$(B)', 'odd'],
    ['$(A$$', '$(A$'],
    ['$()', '$()'],
    [')$(', ')$('],
  ] as const
  for (const [text, expected] of rows)
    test(`"${text}" is "${expected}"`, async () =>
      assert.equal(await expand(text, async (name) => known[name]), expected))
})

describe('what could be endless', () => {
  test('variables that double each other end', async () => {
    const env = Array.from({ length: 40 }, (_, i) => ({
      name: `V${i}`,
      value: i === 0 ? 'xxxxxxxxxx' : `$(V${i - 1})$(V${i - 1})`,
    }))
    const started = performance.now()
    const { values, problems } = await of({ env }, 'V39')
    assert.ok((values['V39'] ?? '').length < 200_000)
    assert.match(problems.join(), /variable V\d+ is longer than 128 KiB/)
    assert.ok(performance.now() - started < 1_000)
  })
  test('empty ones too', async () => {
    const env = Array.from({ length: 60 }, (_, i) => ({
      name: `V${i}`,
      value: i === 0 ? '' : `$(V${i - 1})$(V${i - 1})`,
    }))
    assert.equal((await of({ env }, 'V59')).values['V59'], '')
  })
  test('a megabyte of references that do not end is looked through once', async () => {
    const started = performance.now()
    await expand('$('.repeat(500_000), async () => undefined)
    await expand(`${'$('.repeat(500_000)})`, async () => undefined)
    assert.ok(performance.now() - started < 1_000)
  })
})
