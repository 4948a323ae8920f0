import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseConnectionString } from '../../../scalers/azure-queue/connection-string.ts'

const key = { kind: 'key', name: 'acc', key: 'S0VZ' }

describe('a storage connection string', () => {
  const rows: readonly (readonly [name: string, text: string, expected: object])[] = [
    [
      'has defaults for protocol and suffix',
      'AccountName=acc;AccountKey=S0VZ',
      { url: 'https://acc.queue.core.windows.net', login: key },
    ],
    [
      'names protocol and suffix',
      'DefaultEndpointsProtocol=http;AccountName=acc;AccountKey=S0VZ;EndpointSuffix=core.chinacloudapi.cn;;',
      { url: 'http://acc.queue.core.chinacloudapi.cn', login: key },
    ],
    [
      'prefers the endpoint it names',
      'AccountName=acc;AccountKey=S0VZ;QueueEndpoint=http://127.0.0.1:1/acc/',
      { url: 'http://127.0.0.1:1/acc', login: key },
    ],
    [
      'keeps = within values',
      'AccountName=acc;AccountKey=S0VZMQ==',
      { url: 'https://acc.queue.core.windows.net', login: { ...key, key: 'S0VZMQ==' } },
    ],
    [
      'may hold a signature',
      'QueueEndpoint=https://q;SharedAccessSignature=?sv=1&sig=a%3D',
      { url: 'https://q', login: { kind: 'sas', query: 'sv=1&sig=a%3D' } },
    ],
    [
      'prefers the key to the signature',
      'AccountName=acc;AccountKey=S0VZ;SharedAccessSignature=sig=a',
      { url: 'https://acc.queue.core.windows.net', login: key },
    ],
    [
      'needs an account or an endpoint',
      'AccountKey=S0VZ',
      { problem: 'needs AccountName or QueueEndpoint' },
    ],
    [
      'minds the case of keys',
      'accountname=acc;AccountKey=S0VZ',
      { problem: 'needs AccountName or QueueEndpoint' },
    ],
    [
      'needs something to log in with',
      'AccountName=acc',
      { problem: 'needs AccountName with AccountKey, or SharedAccessSignature' },
    ],
    [
      'refuses what is no list',
      'Server=tcp:x;oops',
      { problem: 'is not a list of key=value parts separated by ";"' },
    ],
    [
      'refuses a key that is not base64',
      'AccountName=acc;AccountKey=not a key',
      { problem: 'has an AccountKey that is not base64' },
    ],
    [
      'refuses an endpoint that is none',
      'AccountName=acc;AccountKey=S0VZ;QueueEndpoint=acc',
      { problem: 'does not give a valid http or https address' },
    ],
    [
      'refuses the emulator by its short name, and says how',
      'UseDevelopmentStorage=true',
      {
        problem:
          'must not be UseDevelopmentStorage, which names no account; give AccountName, AccountKey and QueueEndpoint of the emulator',
      },
    ],
  ]
  for (const [name, text, expected] of rows) {
    test(name, () => assert.deepEqual(parseConnectionString(text), expected))
  }
})

test('no text makes it throw, and no problem repeats a part of it', () => {
  const part = fc.constantFrom('AccountName=', 'AccountKey=', 'QueueEndpoint=', ';', '=', 'hunter2')
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string())), (parts) => {
      const parsed = parseConnectionString(parts.join(''))
      assert.ok(!('problem' in parsed) || !parsed.problem.includes('hunter2'))
    }),
  )
})
