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
    ['', 'http://anything/', false],
  ]
  for (const [list, url, allowed] of rows)
    test(`"${list}" ${allowed ? 'holds' : 'does not hold'} ${url}`, () =>
      assert.equal(allows(list, url), allowed))

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
    'a b:',
    'ä',
    ':80',
  ])
    test(`"${wrong}" is refused and named`, () => {
      const parsed = parseEndpoints(wrong)
      assert.match('problem' in parsed ? parsed.problem : '', /is no endpoint; write HOST/)
    })
})
