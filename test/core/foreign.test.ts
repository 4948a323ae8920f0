import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  contestOf,
  heardAfter,
  heardAgain,
  nameOf,
  writerOf,
  type Heard,
  type ManagedFields,
  type Writer,
} from '../../src/core/foreign.ts'

const replicas = { 'f:spec': { 'f:replicas': {} } }
const template = { 'f:spec': { 'f:template': {} } }
const entry = (
  manager: string,
  fieldsV1: object = replicas,
  more: ManagedFields = {},
): ManagedFields => ({
  manager,
  operation: 'Update',
  fieldsV1,
  time: '2026-01-01T00:00:00Z',
  ...more,
})
const scale = { subresource: 'scale' }
const apply = { operation: 'Apply' }
const later = { time: '2026-01-01T00:00:01Z' }
const status = entry(
  'kube-controller-manager',
  { 'f:status': {} },
  { ...later, subresource: 'status' },
)
const by = (manager: string, operation = 'Update', subresource = ''): Writer => ({
  manager,
  operation,
  subresource,
})

describe('who wrote spec.replicas, by the entries a real API server writes', () => {
  const rows: [what: string, entries: readonly ManagedFields[], writer: Writer | 'own'][] = [
    [
      'an HPA',
      [entry('kube-controller-manager', replicas, scale), status],
      by('kube-controller-manager', 'Update', 'scale'),
    ],
    [
      'kubectl scale',
      [status, entry('kubectl', replicas, scale)],
      by('kubectl', 'Update', 'scale'),
    ],
    [
      'kubectl edit',
      [entry('kubectl-create', template), entry('kubectl-edit')],
      by('kubectl-edit'),
    ],
    [
      'server-side apply',
      [entry('argocd-controller', replicas, apply), status],
      by('argocd-controller', 'Apply'),
    ],
    [
      'Ebb through /scale',
      [entry('ebb', replicas, scale), entry('kubectl-create', template)],
      'own',
    ],
    [
      'Ebb, and since then somebody applied the same count',
      [entry('argocd-controller', replicas, { ...apply, ...later }), entry('ebb', replicas, scale)],
      'own',
    ],
    [
      'an updater, and since then somebody applied the same count',
      [entry('flux', replicas, { ...apply, ...later }), entry('other', replicas, scale)],
      by('other', 'Update', 'scale'),
    ],
    [
      'the later of two who apply the same',
      [entry('one', replicas, apply), entry('two', replicas, { ...apply, ...later })],
      by('two', 'Apply'),
    ],
    [
      'through /scale of a kind that keeps its replicas elsewhere',
      [entry('other', { 'f:spec': { 'f:workers': {} } }, scale)],
      by('other', 'Update', 'scale'),
    ],
    [
      'the last to write the spec of a kind that keeps its replicas elsewhere',
      [
        entry('first', { 'f:spec': { 'f:workers': {} } }),
        entry('second', { 'f:spec': { 'f:workers': {} } }, later),
        status,
      ],
      by('second'),
    ],
    [
      'whoever applied last, where the owner let go of them',
      [entry('kubectl-create', template), entry('flux', template, { ...apply, ...later })],
      by('flux', 'Apply'),
    ],
    ['nobody, where there is only a status', [status], by('', '')],
    ['nobody, where there is nothing', [], by('', '')],
    [
      'nobody, where there is garbage',
      [{}, { fieldsV1: [] }, { manager: 'x', fieldsV1: { 'f:spec': 'y' }, subresource: 'status' }],
      by('', ''),
    ],
  ]
  for (const [what, entries, writer] of rows)
    test(what, () => {
      assert.deepEqual(writerOf(entries), writer)
      // an API server lists them in no order that tells anything
      assert.deepEqual(writerOf(entries.toReversed()), writer)
    })
})

const minute = 60_000
const hpa = by('kube-controller-manager', 'Update', 'scale')
const kubectl = by('kubectl', 'Update', 'scale')
/** Writes at these minutes, one after another; `again` is one while Ebb keeps off. */
const written = (...writes: readonly (readonly [at: number, writer: Writer])[]): readonly Heard[] =>
  writes.reduce<readonly Heard[]>(
    (heard, [at, writer]) =>
      contestOf(heard, at * minute)
        ? heardAgain(heard, at * minute)
        : heardAfter(heard, writer, at * minute),
    [],
  )

describe('a contest', () => {
  const rows: [what: string, heard: readonly Heard[], at: number, until: number | undefined][] = [
    ['is no single write', written([0, kubectl]), 0, undefined],
    ['is a second write at once', written([0, hpa], [0, hpa]), 0, 5],
    ['is a second write within five minutes', written([0, hpa], [5, hpa]), 5, 10],
    ['is none a moment later', written([0, hpa], [5.001, hpa]), 5.001, undefined],
    ['is none between two who wrote once', written([0, hpa], [1, kubectl]), 1, undefined],
    ['is one with the one who wrote twice', written([0, hpa], [1, kubectl], [2, hpa]), 2, 7],
    [
      'goes by the name, however it is written',
      written([0, kubectl], [1, by('kubectl', 'Apply')]),
      1,
      6,
    ],
    ['is over five minutes after the last write', written([0, hpa], [1, hpa]), 6.001, undefined],
    ['is still one before', written([0, hpa], [1, hpa]), 6, 6],
    ['begins anew with any write in it', written([0, hpa], [1, hpa], [5, kubectl]), 9, 10],
    ['comes back at the first write, twice as long', written([0, hpa], [1, hpa], [7, hpa]), 7, 17],
    ['and again twice as long', written([0, hpa], [1, hpa], [7, hpa], [18, hpa]), 18, 38],
    [
      'but no longer than an hour',
      written([0, hpa], [1, hpa], [7, hpa], [18, hpa], [39, hpa], [80, hpa], [141, hpa]),
      141,
      201,
    ],
    [
      'is forgotten after an hour without it',
      written([0, hpa], [1, hpa], [66.001, hpa]),
      66.001,
      undefined,
    ],
    ['is not forgotten before', written([0, hpa], [1, hpa], [66, hpa]), 66, 76],
    ['is nobody else’s', written([0, hpa], [1, hpa], [7, kubectl]), 7, undefined],
  ]
  for (const [what, heard, at, until] of rows)
    test(what, () => assert.equal(contestOf(heard, at * minute)?.until, until && until * minute))

  test('names the writer', () =>
    assert.deepEqual(contestOf(written([0, hpa], [1, hpa]), minute), { ...hpa, until: 6 * minute }))

  test('is remembered of few', () => {
    const names = Array.from({ length: 100 }, (_, i) => by(`m${i}`))
    const heard = written(...names.map((n, i) => [i / 100, n] as const))
    assert.ok(heard.length <= 8)
    assert.equal(heard.at(-1)?.manager, 'm99')
  })

  test('lasts an hour at most after the last write, whoever writes when', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: 0, max: 30, noNaN: true }), fc.constantFrom(hpa, kubectl)),
          {
            maxLength: 30,
          },
        ),
        (gaps) => {
          let at = 0
          const heard = written(...gaps.map(([gap, w]) => [(at += gap), w] as const))
          return contestOf(heard, (at + 60.001) * minute) === undefined
        },
      ),
    ))
})

describe('a writer is called', () => {
  const rows: [writer: Writer, name: string][] = [
    [hpa, 'kube-controller-manager (Update of scale, for a HorizontalPodAutoscaler)'],
    [by('argocd-controller', 'Apply'), 'argocd-controller (Apply)'],
    [by('x', ''), 'x'],
    [by('', ''), 'somebody (its managedFields name nobody, or Ebb may not get it)'],
  ]
  for (const [writer, name] of rows) test(name, () => assert.equal(nameOf(writer), name))
})
