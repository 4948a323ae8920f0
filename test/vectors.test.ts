import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAnswer } from '../scalers/prometheus/answer.ts'
import { prometheus } from '../scalers/prometheus/index.ts'
import { formatMetric } from '../src/core/quantity.ts'
import {
  decimal,
  duration,
  flag,
  integer,
  list,
  map,
  optional,
  text,
} from '../src/metadata/fields.ts'
import { read } from '../src/metadata/schema.ts'
import type { Reading } from '../src/scaler.ts'
import { givenBy } from './contract/scaler.ts'

/** keda-behaviour-ops.md, Appendix B, word by word; B.2 is in core/formula, B.3 in admission, B.4 in scalers/cron, B.5 in core/jobs. */
const doc = 'A parameter.'
const fields = {
  int64: optional(integer({ doc })),
  float64: optional(decimal({ doc })),
  bool: optional(flag({ doc })),
  map: optional(map({ doc })),
  list: optional(list({ doc })),
  duration: optional(duration({ doc })),
  string: optional(text({ doc })),
  authModes: optional(list({ doc, exclusive: ['bearer', 'basic', 'oauth'] })),
}

describe('B.1 parameter parsing', () => {
  const rows: readonly (readonly [type: keyof typeof fields, input: string, result: unknown])[] = [
    ['int64', '5', 5],
    ['int64', ' 7 ', 7],
    ['int64', '-5', -5],
    ['int64', '5.0', Error],
    ['int64', '05', Error],
    ['int64', '+5', Error],
    ['int64', '1e3', Error],
    ['int64', 'abc', Error],
    ['int64', 'null', Error],
    ['float64', '5', 5],
    ['float64', '1e3', 1000],
    ['float64', '.5', Error],
    ['float64', 'NaN', Error],
    ['bool', 'T', true],
    ['bool', '1', true],
    ['bool', 'yes', Error],
    ['map', 'a=b, c=d', { a: 'b', c: 'd' }],
    ['map', 'a=b=c', Error],
    ['map', 'a', Error],
    ['list', ' a , b,,c', ['a', 'b', '', 'c']],
    ['duration', '1000', 1_000],
    ['duration', '5s', 5_000],
    ['duration', '-1', Error],
    ['duration', '1.5', Error],
    ['string', '  ', undefined],
    ['authModes', 'basic,bearer', Error],
  ]
  for (const [type, input, result] of rows)
    test(`${type} ${JSON.stringify(input)}`, () => {
      const reading = () => read('test', fields, givenBy({ [type]: input }))[type]
      if (result === Error) assert.throws(reading, new RegExp(type))
      else assert.deepEqual(reading(), result)
    })
})

describe('B.6 Prometheus answers', () => {
  const from = { address: 'http://p', hide: (said: string) => said }
  const metadata = {
    serverAddress: 'http://p',
    query: 'q',
    threshold: '5',
    ignoreNullValues: 'true',
  }
  const m = read('prometheus', prometheus.fields, givenBy(metadata), prometheus.check)
  const spec = { name: 'prometheus', target: 5, form: 'decimal' } as const
  const vector = (...elements: string[]): string =>
    `{"status":"success","data":{"resultType":"vector","result":[${elements.join(',')}]}}`
  const element = (value: string): string => `{"metric":{},"value":${value}}`
  const rows: readonly (readonly [name: string, body: string, wire: string, active: boolean])[] = [
    ['vector one element "7.5"', vector(element('[1,"7.5"]')), '7.500', true],
    ['range vector', vector('{"metric":{},"values":[[1,"2"]]}'), '0', false],
    ['value [1,null]', vector(element('[1,null]')), '0', false],
    ['"-4"', vector(element('[1,"-4"]')), '0', false],
    ['"+Inf"', vector(element('[1,"+Inf"]')), '0', false],
  ]
  for (const [name, body, wire, active] of rows)
    test(name, () => {
      const answer = parseAnswer(body, from)
      assert.notEqual(answer.kind, 'error')
      const reading =
        answer.kind === 'value'
          ? prometheus.conclude(answer.value, m, undefined, spec)
          : prometheus.missing?.(m)
      const { value, active: found } = reading as Reading // neither is a failure
      assert.deepEqual([formatMetric(value), found], [wire, active])
    })
  for (const [name, body] of [
    [
      'scalar result [ts,"1"]',
      '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}',
    ],
    ['value [1]', vector(element('[1]'))],
    ['two elements', vector(element('[1,"1"]'), element('[1,"2"]'))],
  ] as const)
    test(`${name} is an error`, () => assert.equal(parseAnswer(body, from).kind, 'error'))
})

describe('4.4 numbers on the wire', () => {
  const rows: readonly (readonly [value: number, wire: string])[] = [
    [0, '0'],
    [0.0004, '0'],
    [-3, '0'],
    [Number.NaN, '0'],
    [0.0005, '1m'],
    [0.5, '500m'],
    [5, '5'],
    [1000, '1k'],
    [2000, '2k'],
    [1_234_567, '1234567'],
    [1.5, '1.500'],
    [12.34, '12.340'],
    [1000.5, '1000.500'],
    [1500, '1500'],
    [1_500_000, '1500k'],
    [1e16, '10P'],
    [1e19, '10E'],
  ]
  for (const [value, wire] of rows) test(`${value}`, () => assert.equal(formatMetric(value), wire))
})
