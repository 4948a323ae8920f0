import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { complaintOf, type From, parseAnswer } from '../../../scalers/prometheus/answer.ts'

const from: From = { address: 'http://p', hide: (text) => text.replaceAll('hunter2', '***') }

/** The kind of the answer and what it holds: the value, or the code of the failure. */
function outcome(body: string): unknown {
  const answer = parseAnswer(body, from)
  if (answer.kind === 'value') return answer.value
  return answer.kind === 'error' ? answer.error.code : answer.kind
}
const result = (json: string): string =>
  `{"status":"success","data":{"resultType":"vector","result":${json}}}`
const one = (value: string): string => result(`[{"metric":{},"value":${value}}]`)

describe('an answer to an instant query', () => {
  const rows: readonly (readonly [name: string, body: string, expected: unknown])[] = [
    ['one element is its value', one('[1,"7.5"]'), 7.5],
    ['a negative value is kept raw', one('[1,"-4"]'), -4],
    ['a null is -1', one('[1,null]'), -1],
    ['an exponent is read', one('[1,"1e+03"]'), 1000],
    ['no element is empty', result('[]'), 'empty'],
    ['no list is empty, as an empty Go slice is written', result('null'), 'empty'],
    ['a range vector is empty', result('[{"metric":{},"values":[[1,"2"]]}]'), 'empty'],
    ['an empty value is empty', one('[]'), 'empty'],
    ['+Inf is empty', one('[1,"+Inf"]'), 'empty'],
    ['NaN is empty', one('[1,"NaN"]'), 'empty'],
    ['a scalar is no element', result('[1,"1"]'), 'QUERY_UNFIT'],
    ['two elements are too many', result('[{"value":[1,"1"]},{"value":[1,"2"]}]'), 'QUERY_UNFIT'],
    ['a value without a number is garbled', one('[1]'), 'SOURCE_GARBLED'],
    ['a number that is no string is garbled', one('[1,7]'), 'SOURCE_GARBLED'],
    ['a blank number is garbled, not 0', one('[1,""]'), 'SOURCE_GARBLED'],
    ['hexadecimal is garbled', one('[1,"0x10"]'), 'SOURCE_GARBLED'],
    ['more than a double holds is garbled', one('[1,"1e999"]'), 'SOURCE_GARBLED'],
    ['an object without data is garbled, not empty', '{}', 'SOURCE_GARBLED'],
    ['data without a result is garbled', '{"status":"success","data":{}}', 'SOURCE_GARBLED'],
    ['an error with status 200 is an error', '{"status":"error","error":"no"}', 'SOURCE_REFUSED'],
    ['a page is garbled', '<html>', 'SOURCE_GARBLED'],
    ['nothing is garbled', '', 'SOURCE_GARBLED'],
  ]
  for (const [name, body, expected] of rows) {
    test(name, () => assert.equal(outcome(body), expected))
  }
})

test('the words of the server are cut and hold no credentials', () => {
  const said = JSON.stringify({ status: 'error', error: `hunter2 ${'x'.repeat(999)}` })
  const message = complaintOf(said, from)?.message ?? ''
  assert.ok(message.includes('*** xxx') && !message.includes('hunter2') && message.length < 300)
})

test('a body that is not of the API holds no complaint', () => {
  for (const body of ['', 'null', '[]', '{"status":"success"}', '<html>']) {
    assert.equal(complaintOf(body, from), undefined)
  }
})

test('no text makes it throw, and no value is ever other than finite', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((v) => one(JSON.stringify(v))),
      ),
      (body) => {
        const answer = parseAnswer(body, from)
        assert.ok(answer.kind !== 'value' || Number.isFinite(answer.value))
      },
    ),
  )
})

test('every finite number that a server writes is read as itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
      assert.equal(outcome(one(`[1.5,"${n}"]`)), n + 0)
    }),
  )
})

test('no element but exactly one ever becomes a value', () => {
  const element = fc.constant({ metric: {}, value: [1, '1'] })
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), (elements) => {
      const expected = ['empty', 1][elements.length] ?? 'QUERY_UNFIT'
      assert.equal(outcome(result(JSON.stringify(elements))), expected)
    }),
  )
})
