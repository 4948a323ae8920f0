import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { endpointOf, parseEndpoints } from '../src/endpoints.ts'

const allows = (text: string, url: string): boolean => {
  const parsed = parseEndpoints(text)
  assert.ok('allow' in parsed, JSON.stringify(parsed))
  return parsed.allow(endpointOf(new URL(url)))
}

describe('a list of endpoints', () => {
  const rows: readonly (readonly [list: string, url: string, allowed: boolean])[] = [
    ['prometheus.example', 'http://prometheus.example/', true],
    ['prometheus.example', 'http://prometheus.example:9090/x', true],
    ['prometheus.example', 'http://PROMETHEUS.example./', true],
    ['prometheus.example', 'http://prometheus.example.evil/', false],
    ['prometheus.example', 'http://evil-prometheus.example/', false],
    ['prometheus.example:9090', 'http://prometheus.example:9090/', true],
    ['prometheus.example:9090', 'http://prometheus.example/', false],
    ['prometheus.example:443', 'https://prometheus.example/', true],
    ['prometheus.example:443', 'http://prometheus.example/', false],
    ['*.example', 'http://a.b.example/', true],
    ['*.example', 'http://example/', false],
    ['*.example', 'http://aexample/', false],
    ['*.example:80', 'http://a.example:81/', false],
    ['*', 'http://anything:1/', true],
    ['*:443', 'http://anything/', false],
    ['a, b\n  c', 'http://c/', true],
    ['[::1]:9090', 'http://[::1]:9090/', true],
    ['10.0.0.1', 'http://10.0.0.1:1/', true],
    // the URL parser knows the other spellings of an address
    ['10.0.0.1', 'http://0xa.1:1/', true],
    ['user', 'http://user@evil/', false],
    ['user:1', 'http://user:1@evil/', false],
    ['a.example', 'http://a.example..evil/', false],
    ['a.example', 'http://a.example../', false],
    ['*.example', 'http://a.example@evil/', false],
    ['*.example', 'http://evil/?.example', false],
    ['*.example', 'http://evil\\\\.example/', false],
    ['*.example', 'http://evil#.example', false],
    // dots and letters that a name is made of by IDNA are those it is compared by
    ['a.example', 'http://a\u3002example/', true],
    ['a.example', 'http://\uff41.example/', true],
    // Cyrillic
    ['a.example', 'http://\u0430.example/', false],
    ['xn--bcher-kva.example', 'http://b\u00fccher.example/', true],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', false],
    ['[::1]', 'http://[0:0:0:0:0:0:0:1]/', true],
    ['[0:0:0:0:0:0:0:1]', 'http://[::1]/', true],
    ['localhost', 'http://127.0.0.1/', false],
    ['127.0.0.1', 'http://localhost/', false],
    ['', 'http://anything/', false],
  ]
  for (const [list, url, allowed] of rows)
    test(`"${list}" ${allowed ? 'holds' : 'does not hold'} ${url}`, () =>
      assert.equal(allows(list, url), allowed))

  test('names what it says more of than a bare star', () => {
    const parsed = parseEndpoints('*, *:8200, vault.example, *.vaults.example:8200')
    const named = (url: string): boolean =>
      'names' in parsed && parsed.names(endpointOf(new URL(url)))
    assert.deepEqual(
      [
        'http://vault.example:1/',
        'https://a.vaults.example:8200/',
        'https://a.vaults.example/',
        'https://evil.example:8200/',
      ].map(named),
      [true, true, false, false],
    )
  })

  for (const wrong of [
    'http://a',
    'a/b',
    'a:0',
    'a:70000',
    'a:b',
    '*a',
    'a.*',
    '**',
    '.a',
    '[::1::]',
    'a b:',
    'ä',
    ':80',
  ])
    test(`"${wrong}" is refused and named`, () => {
      const parsed = parseEndpoints(wrong)
      assert.match('problem' in parsed ? parsed.problem : '', /is no endpoint; write HOST/)
    })
})
