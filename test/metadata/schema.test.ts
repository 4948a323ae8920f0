import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { isFailure } from '../../src/errors.ts'
import {
  choice,
  decimal,
  duration,
  flag,
  type Given,
  integer,
  list,
  map,
  optional,
  text,
  type Values,
} from '../../src/metadata/fields.ts'
import { connectionOf, read, secretsOf, unknownKeys } from '../../src/metadata/schema.ts'

const fields = {
  name: text({ doc: 'A name.' }),
  size: integer({ doc: 'A size.', default: 5 }),
  ratio: decimal({ doc: 'A ratio.', default: 0.5, connection: false }),
  strict: flag({ doc: 'A flag.', default: false }),
  wait: duration({ doc: 'A wait.', default: 1000 }),
  mode: choice(['all', 'some'], { doc: 'A mode.', default: 'all' }),
  login: list({
    doc: 'Logins.',
    from: ['trigger', 'auth'],
    aliases: ['logins'],
    choices: ['a', 'b', 'c'],
    exclusive: ['a', 'b'],
    default: [],
  }),
  labels: optional(map({ doc: 'Labels.' })),
  secret: optional(
    text({ doc: 'A key.', from: ['auth', 'trigger', 'env'], secret: true, connection: true }),
  ),
  port: optional(integer({ doc: 'A port.', from: ['auth'], secret: true, connection: true })),
}
const none: Given = { trigger: {}, auth: {}, env: {}, identity: {}, workload: {} }
const given = (trigger: Record<string, string>, more: Partial<Given> = {}): Given => ({
  ...none,
  trigger: { name: 'n', ...trigger },
  ...more,
})
const reading = (
  trigger: Record<string, string>,
  more: Partial<Given> = {},
): Values<typeof fields> => read('test', fields, given(trigger, more))

/** The problems of a trigger's metadata, as the user reads them. */
function problemsOf(trigger: Record<string, string>, more: Partial<Given> = {}): string {
  try {
    reading(trigger, more)
  } catch (error) {
    assert.ok(isFailure(error, 'METADATA_INVALID'))
    assert.equal(error.retry, false)
    return error.message.replace('trigger test is misconfigured: ', '')
  }
  return ''
}

test('the types of the values are those of the fields', () => {
  const m = reading({})
  assert.equal(m.mode satisfies 'all' | 'some', 'all')
  assert.equal(m.secret satisfies string | undefined, undefined)
  const c: { readonly secret: string | undefined; readonly port: number | undefined } =
    connectionOf<typeof fields>(fields, m)
  assert.deepEqual(c, { secret: undefined, port: undefined })
  // @ts-expect-error -- a field that is not marked is not part of the connection
  assert.equal(connectionOf<typeof fields>(fields, m).ratio, undefined)
})

describe('reading a field', () => {
  const rows: readonly [
    name: string,
    given: Record<string, string>,
    expected: Partial<Values<typeof fields>>,
  ][] = [
    [
      'takes the default where nothing is given',
      {},
      { size: 5, ratio: 0.5, strict: false, wait: 1000, login: [] },
    ],
    ['trims', { size: ' 7 ' }, { size: 7 }],
    ['takes blank for absent', { size: ' ', mode: '' }, { size: 5, mode: 'all' }],
    ['keeps the empty items of a list', { login: ' a , c,c' }, { login: ['a', 'c', 'c'] }],
    ['reads an alias', { logins: 'b' }, { login: ['b'] }],
    ['prefers the name to its alias', { login: 'a', logins: 'b' }, { login: ['a'] }],
    ['reads pairs', { labels: 'a=b, c = d' }, { labels: { a: 'b', c: 'd' } }],
    ['reads a duration', { wait: '1m' }, { wait: 60_000 }],
  ]
  for (const [name, trigger, expected] of rows) {
    test(name, () => assert.deepEqual({ ...reading(trigger), ...expected }, reading(trigger)))
  }

  test('takes the first place that has it, in the order of the field', () => {
    const env = { FROM: 'env' }
    const all = { secret: 'trigger', secretFromEnv: 'FROM' }
    assert.equal(reading(all, { auth: { secret: 'auth' }, env }).secret, 'auth')
    assert.equal(reading(all, { auth: { secret: ' ' }, env }).secret, 'trigger')
    assert.equal(reading({ secretFromEnv: 'FROM' }, { env }).secret, 'env')
    assert.equal(reading({ secretFromEnv: 'NOT' }, { env }).secret, undefined)
  })

  test('never reads the environment under the name of the field itself', () =>
    assert.equal(reading({}, { env: { secret: 'env' } }).secret, undefined))

  test('takes no inherited property for a value', () => {
    const odd = { constructor: optional(text({ doc: 'An odd name.' })) }
    assert.deepEqual({ ...read('test', odd, none) }, { constructor: undefined })
  })
})

describe('a problem', () => {
  const rows: readonly [name: string, trigger: Record<string, string>, expected: string][] = [
    ['says what a number must be', { size: 'AA' }, 'size must be a whole number, not "AA"'],
    ['says what a flag must be', { strict: 'yes' }, 'strict must be true or false, not "yes"'],
    [
      'says what a duration must be',
      { wait: '1.5' },
      'wait must be a duration such as 30s, or whole milliseconds, not "1.5"',
    ],
    ['lists the choices', { mode: 'all,some' }, 'mode must be one of all, some, not "all,some"'],
    [
      'names the wrong item of a list',
      { login: 'a,x' },
      'login must be a list of a, b, c, not "x"',
    ],
    [
      'names the items that exclude each other',
      { login: 'a,b' },
      'login must be at most one of a, b, not "a,b"',
    ],
    [
      'refuses a value with =',
      { labels: 'a=b=c' },
      'labels must be key=value pairs separated by commas, not "a=b=c"',
    ],
    [
      'refuses an item without =',
      { labels: 'a' },
      'labels must be key=value pairs separated by commas, not "a"',
    ],
    [
      'says where a missing value may be set',
      { name: '' },
      "name is required: set it in the trigger's metadata",
    ],
    [
      'is reported with all others',
      { name: '', size: 'x' },
      'name is required: set it in the trigger\'s metadata; size must be a whole number, not "x"',
    ],
  ]
  for (const [name, trigger, expected] of rows) {
    test(name, () => assert.equal(problemsOf(trigger), expected))
  }

  test('says which variable led nowhere', () => {
    const secret = { secret: text({ doc: 'A key.', from: ['auth', 'env'] }) }
    assert.throws(() => read('test', secret, given({ secretFromEnv: 'KEY' })), {
      message:
        "trigger test is misconfigured: secret is required: set it in the TriggerAuthentication, or name a variable of the container's environment in secretFromEnv (secretFromEnv names KEY, which the container's environment does not have or has empty)",
    })
  })

  test('never repeats a secret', () =>
    assert.equal(problemsOf({}, { auth: { port: 'hunter2' } }), 'port must be a whole number'))

  test('cuts long text', () => assert.ok(problemsOf({ size: 'x'.repeat(5000) }).length < 200))

  test('of several fields is reported with those of single ones', () => {
    const check = (m: Partial<Values<typeof fields>>): string[] =>
      m.size === undefined && m.mode === 'some' ? ['mode some needs a size'] : []
    assert.throws(() => read('test', fields, given({ size: 'x', mode: 'some' }), check), {
      message: /size must be a whole number, not "x"; mode some needs a size$/,
    })
  })
})

test('whatever is given, reading ends in values or in METADATA_INVALID', () => {
  const keys = fc.constantFrom(...Object.keys(fields), 'secretFromEnv', 'logins')
  const maps = fc.dictionary(keys, fc.string())
  fc.assert(
    fc.property(maps, maps, (trigger, auth) => {
      try {
        reading(trigger, { auth })
      } catch (error) {
        assert.ok(isFailure(error, 'METADATA_INVALID'))
      }
    }),
  )
})

test('secrets are found whatever holds them', () => {
  const holding = {
    plain: text({ doc: '' }),
    one: text({ doc: '', secret: true }),
    many: map({ doc: '', secret: true }),
  }
  assert.deepEqual(secretsOf(holding, { plain: 'p', one: 's', many: { a: 't', b: '' } }), [
    's',
    't',
  ])
})

test('keys that no field reads are found, FromEnv included', () => {
  const metadata = {
    name: '',
    logins: '',
    secretFromEnv: '',
    nameFromEnv: '',
    port: '',
    qeueLength: '',
  }
  assert.deepEqual(unknownKeys(fields, metadata), ['nameFromEnv', 'port', 'qeueLength'])
})
