import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonSchema, markdownTable } from '../../src/metadata/describe.ts'
import { choice, duration, integer, list, optional, text } from '../../src/metadata/fields.ts'

const fields = {
  name: text({ doc: 'A | name.' }),
  size: integer({ doc: 'A size.', default: 5 }),
  wait: optional(duration({ doc: 'A wait.' })),
  mode: choice(['all', 'some'], { doc: 'A mode.', default: 'all' }),
  login: list({ doc: 'Logins.', choices: ['a', 'b'], default: [], aliases: ['logins'] }),
  key: text({ doc: 'A key.', from: ['auth', 'env'], secret: true }),
  provider: optional(text({ doc: 'An identity.', from: ['identity'] })),
}

test('the JSON Schema has the types the text stands for, and marks what is secret', () => {
  assert.deepEqual(jsonSchema(fields), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      name: { type: 'string', description: 'A | name.' },
      size: { type: 'integer', description: 'A size.', default: 5 },
      wait: { type: 'string', format: 'go-duration', description: 'A wait.' },
      mode: { type: 'string', enum: ['all', 'some'], description: 'A mode.', default: 'all' },
      login: {
        type: 'array',
        items: { type: 'string', enum: ['a', 'b'] },
        description: 'Logins.',
        default: [],
      },
      key: { type: 'string', description: 'A key.', writeOnly: true },
    },
    required: ['name', 'key'],
  })
})

test('the table has a row per parameter, in the order of the fields', () => {
  assert.deepEqual(markdownTable(fields).split('\n').slice(2), [
    '| `name` | string | **required** | metadata | A \\| name. |',
    '| `size` | integer | `5` | metadata | A size. |',
    '| `wait` | duration |  | metadata | A wait. |',
    '| `mode` | `all`, `some` | `all` | metadata | A mode. |',
    '| `login`, `logins` | list of `a`, `b` |  | metadata | Logins. |',
    '| `key` | string, secret | **required** | TriggerAuthentication; container env (`keyFromEnv`) | A key. |',
    '| `provider` | string |  | podIdentity | An identity. |',
  ])
})
