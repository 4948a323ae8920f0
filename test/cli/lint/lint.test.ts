import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readDocuments } from '../../../src/cli/documents.ts'
import { lint } from '../../../src/cli/lint/lint.ts'
import { describe as load, describedTypes as types } from '../../../src/registry.ts'

/** Every finding of files given as text, as the lines that are printed without the file. */
async function lines(...texts: readonly string[]): Promise<readonly string[]> {
  const read = texts.map((text, at) => readDocuments({ file: `${at}.yaml`, text }))
  const found = await lint(
    read.flatMap(({ placed }) => placed),
    { types, load },
  )
  return [
    ...read.flatMap(({ broken }) => broken.map(({ file, line, why }) => `${file}:${line}: ${why}`)),
    ...found.map(
      ({ file, line, field, weight, message }) => `${file}:${line}: ${field}: ${weight} ${message}`,
    ),
  ]
}

const good = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: orders
spec:
  scaleTargetRef:
    name: orders
  triggers:
    - type: azure-queue
      metadata:
        queueName: orders
        connectionFromEnv: STORAGE
`
const other = good.replace('name: orders\nspec', 'name: other\nspec')
const withTrigger = (...more: readonly string[]): string =>
  good.replace(
    '        connectionFromEnv: STORAGE\n',
    more.map((line) => `        ${line}\n`).join(''),
  )
const withSpec = (...more: readonly string[]): string =>
  good.replace('spec:\n', `spec:\n${more.map((line) => `  ${line}\n`).join('')}`)
const withCpu = (metricType: string, ...metadata: readonly string[]): string =>
  withTrigger(...metadata)
    .replace('azure-queue', `cpu\n      metricType: ${metricType}`)
    .replace('        queueName: orders\n', '')
const pods = good
  .replace('azure-queue', 'kubernetes-workload\n      name: pods')
  .replace(/ {8}queueName.*\n.*\n/, '        podSelector: app=shop\n')
const authentication = (name: string, parameter: string): string => `apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: ${name} }
spec:
  secretTargetRef: [{ parameter: ${parameter}, name: s, key: k }]
`
const withAuthentication =
  withTrigger().trimEnd() + '\n      authenticationRef: { name: storage }\n'

interface Row {
  readonly name: string
  readonly files: readonly string[]
  /** Of each finding, in order. */
  readonly says?: readonly RegExp[]
}

const rows: readonly Row[] = [
  { name: 'a good one', files: [good] },
  {
    name: 'objects of other kinds',
    files: ['apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n---\n{a: 1}\n---\n'],
  },
  {
    name: 'a trigger without a target of its own',
    files: [pods],
    says: [/value must be above 0/],
  },
  {
    name: 'the same where scalingModifiers have the target',
    files: [
      pods.replace(
        '  triggers:',
        '  advanced: { scalingModifiers: { formula: pods, target: "2" } }\n  triggers:',
      ),
    ],
  },
  {
    name: 'several mistakes, each on the line of its field',
    files: [withSpec('minReplicaCount: 5', 'maxReplicaCount: 3', 'idleReplicaCount: 9')],
    says: [
      /^0\.yaml:6: spec\.minReplicaCount: refused minReplicaCount 5 must not be above/,
      /^0\.yaml:8: spec\.idleReplicaCount: refused /,
    ],
  },
  {
    name: 'a parameter that is missing, on the line of the metadata',
    files: [withTrigger()],
    says: [
      /^0\.yaml:10: spec\.triggers\[0\]\.metadata: broken trigger azure-queue: connection is required/,
    ],
  },
  {
    name: 'a parameter that is no number',
    files: [withTrigger('connectionFromEnv: S', 'queueLength: "five"')],
    says: [
      /^0\.yaml:13: spec\.triggers\[0\]\.metadata\.queueLength: broken .*must be a whole number, not "five"/,
    ],
  },
  {
    name: 'a parameter that there is none of',
    files: [withTrigger('connectionFromEnv: S', 'queueLenght: "5"')],
    says: [/^0\.yaml:13: .*queueLenght: warning .*did you mean queueLength\?/],
  },
  {
    name: 'parameters without quotes',
    files: [withTrigger('connectionFromEnv: S', 'queueLength: 5')],
    says: [/^0\.yaml:13: .*queueLength: refused must be of type string: write it in quotes$/],
  },
  {
    name: 'what else is wrong beside a parameter without quotes',
    files: [
      withSpec('minReplicaCount: 101').replace('connectionFromEnv: STORAGE', 'queueLength: 5'),
    ],
    says: [
      /^0\.yaml:13: .*queueLength: refused must be of type string/,
      /^0\.yaml:6: spec\.minReplicaCount: refused/,
      /^0\.yaml:11: .*metadata: broken .*connection is required/,
    ],
  },
  {
    name: 'words that kubectl takes for true',
    files: [withTrigger('connectionFromEnv: S', 'queueLengthStrategy: yes')],
    says: [/^0\.yaml:13: .*queueLengthStrategy: refused must be of type string/],
  },
  {
    name: 'a trigger type that there is none of',
    files: [good.replace('azure-queue', 'azure-queues')],
    says: [/^0\.yaml:9: spec\.triggers\[0\]\.type: broken .*did you mean azure-queue\?/],
  },
  {
    name: 'a field that there is none of',
    files: [withSpec('poolingInterval: 5')],
    says: [
      /^0\.yaml:6: spec\.poolingInterval: refused there is no such field; did you mean pollingInterval\?/,
    ],
  },
  {
    name: 'an old API',
    files: [good.replace('keda.sh/v1alpha1', 'keda.k8s.io/v1alpha1')],
    says: [/^0\.yaml:1: apiVersion: refused must be keda\.sh\/v1alpha1/],
  },
  {
    name: 'no name',
    files: [good.replace('  name: orders\nspec', '  labels: {a: b}\nspec')],
    says: [/^0\.yaml:3: metadata\.name: refused/],
  },
  {
    name: 'no metadata',
    files: ['apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\n'],
    says: [/^0\.yaml:1: kind: refused apiVersion, kind and metadata are required/],
  },
  {
    name: 'a field written twice',
    files: [withSpec('pollingInterval: 5', 'pollingInterval: 6')],
    says: [/^0\.yaml:7: the field pollingInterval is written twice$/],
  },
  {
    name: 'two of several files on one target',
    files: [good, other],
    says: [
      /^0\.yaml:6: spec\.scaleTargetRef: refused .*ScaledObject other already/,
      /^1\.yaml:6: spec\.scaleTargetRef: refused .*ScaledObject orders already/,
    ],
  },
  {
    name: 'two in different namespaces',
    files: [good, other.replace('name: other', 'name: other\n  namespace: elsewhere')],
  },
  {
    name: 'one object in two files',
    files: [good, good],
    says: [/^1\.yaml:4: metadata\.name: warning ScaledObject orders is in 0\.yaml:1 already/],
  },
  {
    name: 'an HPA of the same target',
    files: [
      good,
      `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: orders}, maxReplicas: 3}\n`,
    ],
    says: [/managed by the HPA h already/],
  },
  {
    name: 'an authentication that gives the parameter',
    files: [withAuthentication, authentication('storage', 'connection')],
  },
  {
    name: 'an authentication that gives another parameter',
    files: [withAuthentication, authentication('storage', 'conection')],
    says: [/metadata: broken .*connection is required/],
  },
  {
    name: 'an authentication that is not there',
    files: [withAuthentication],
    says: [
      /^0\.yaml:12: .*authenticationRef\.name: warning TriggerAuthentication storage is not among/,
    ],
  },
  {
    name: 'cpu alone without a minimum, on a target without requests',
    files: [
      withCpu('Utilization', "value: '50'"),
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec: {template: {spec: {containers: [{name: main}]}}}\n',
    ],
    says: [
      /^0\.yaml:.*minReplicaCount: refused minReplicaCount must be above 0/,
      /^0\.yaml:9: spec\.triggers\[0\]: warning .*unless its namespace has a LimitRange/,
    ],
  },
  {
    name: 'pods that no selector finds, for a target of nothing',
    files: [
      withTrigger("podSelector: 'app in ('", "value: '0'")
        .replace('azure-queue', 'kubernetes-workload')
        .replace('        queueName: orders\n', ''),
    ],
    says: [
      /^0\.yaml:11: .*podSelector: broken .*podSelector cannot be read at /,
      /^0\.yaml:12: .*value: broken .*value must be above 0/,
    ],
  },
  {
    name: 'cpu with mistakes, each where it is',
    files: [
      withCpu('Value', "value: '50'", 'containername: main').replace(
        'spec:',
        'spec:\n  minReplicaCount: 1',
      ),
    ],
    says: [
      /^0\.yaml:11: spec\.triggers\[0\]\.metricType: broken trigger cpu: metricType must be Utilization/,
      /^0\.yaml:14: .*containername: warning .*did you mean containerName\?/,
    ],
  },
  {
    name: 'cpu as before KEDA 2.8, with its target in the metadata',
    files: [
      withCpu('Utilization', 'type: Utilization', "value: '60.5'").replace(
        'spec:',
        'spec:\n  minReplicaCount: 1',
      ),
    ],
    says: [
      /^0\.yaml:13: spec\.triggers\[0\]\.metadata\.type: broken trigger cpu: metadata\.type is gone/,
      /^0\.yaml:14: spec\.triggers\[0\]\.metadata\.value: broken .*whole number of percent/,
    ],
  },
  {
    name: 'a List, with the line of the item',
    files: [
      `apiVersion: v1\nkind: List\nitems:\n${withSpec('minReplicaCount: 101').replaceAll(/^(.)/gm, '    $1').replace('    api', '  - api')}`,
    ],
    says: [/^0\.yaml:9: spec\.minReplicaCount: refused/],
  },
  {
    name: 'JSON',
    files: [
      '{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "a"},\n "spec": {"scaleTargetRef": {"name": "a"},\n  "triggers": []}}',
    ],
    says: [/^0\.yaml:3: spec\.triggers: refused must have at least 1 items/],
  },
  {
    name: 'a mistake in the second of three documents',
    files: [
      [
        good,
        withSpec('minReplicaCount: 101').replaceAll('orders', 'b'),
        other.replaceAll('orders', 'c'),
      ].join('---\n'),
    ],
    says: [/^0\.yaml:19: spec\.minReplicaCount/],
  },
  {
    name: 'identities and stores that are not supported',
    files: [
      'apiVersion: keda.sh/v1alpha1\nkind: TriggerAuthentication\nmetadata: {name: a}\nspec:\n  podIdentity: {provider: aws}\n  filePath: x\n',
    ],
    says: [
      /^0\.yaml:5: .*warning Ebb does not support identities of AWS/,
      /^0\.yaml:6: spec\.filePath: broken/,
    ],
  },
  {
    name: 'a list of endpoints that cannot be read',
    files: [
      'apiVersion: keda.sh/v1alpha1\nkind: ClusterTriggerAuthentication\nmetadata:\n  name: a\n  annotations: {ebb.dev/allowed-endpoints: "http://a"}\nspec: {}\n',
    ],
    says: [/^0\.yaml:5: .*allowed-endpoints.*broken .*"http:\/\/a" is no endpoint/],
  },
  {
    name: 'an oauth2 without the type that it has by default',
    files: [
      'apiVersion: keda.sh/v1alpha1\nkind: TriggerAuthentication\nmetadata: {name: a}\nspec: {oauth2: {clientId: c, tokenUrl: "https://t"}}\n',
    ],
  },
  {
    name: 'kinds that are not supported',
    files: ['apiVersion: eventing.keda.sh/v1alpha1\nkind: CloudEventSource\nmetadata: {name: a}\n'],
    says: [/^0\.yaml:2: kind: warning Ebb does not support CloudEventSource/],
  },
]

void describe('ebb lint', () => {
  for (const { name, files, says = [] } of rows)
    void it(`${says.length > 0 ? 'names' : 'accepts'} ${name}`, async () => {
      const found = await lines(...files)
      assert.equal(found.length, says.length, found.join('\n'))
      for (const [at, pattern] of says.entries()) assert.match(found[at] ?? '', pattern)
    })

  void it('finds nothing in the examples', async () => {
    for (const file of readdirSync('manifests/examples'))
      assert.deepEqual(await lines(readFileSync(`manifests/examples/${file}`, 'utf8')), [], file)
  })

  void it('never shows the value of a secret', async () => {
    const text = withTrigger('connection: "AccountKey=hunter2"', 'queueLength: "x"')
    assert.ok(!(await lines(text)).join('\n').includes('hunter2'))
  })
})

const megabyte = 'x'.repeat(1_000_000)
const bomb = Array.from({ length: 30 }, (_, i) =>
  i === 0
    ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
    : `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
).join('\n')

const hostile: readonly (readonly [name: string, text: string])[] = [
  ['a bomb of aliases', `${bomb}\n${good}`],
  ['an alias to itself', 'a: &a [*a]\n'],
  ['an alias to nothing', 'a: *b\n'],
  ['a hundred thousand lists in each other', `a: ${'['.repeat(100_000)}`],
  ['a hundred thousand maps in each other', '{a: '.repeat(100_000)],
  [
    'a hundred thousand indents',
    Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ],
  ['a megabyte of name', good.replaceAll('orders', megabyte)],
  ['a megabyte of a value', withTrigger(`queueLength: "${megabyte}"`, 'connectionFromEnv: x')],
  ['a megabyte of a key', withTrigger(`${megabyte}: "x"`, 'connectionFromEnv: x')],
  ['a megabyte of a type', good.replace('azure-queue', megabyte)],
  [
    'a hundred thousand keys',
    withTrigger(...Array.from({ length: 100_000 }, (_, i) => `k${i}: "x"`)),
  ],
  [
    'twenty thousand triggers',
    good + Array.from({ length: 20_000 }, () => '    - {type: x, metadata: 5}').join('\n'),
  ],
  ['control characters', good.replaceAll('orders', '"a\\e[2J\\u202e\\u2028b\\0"')],
  ['lone surrogates', good.replaceAll('orders', '"\\ud800"')],
  ['tabs', good.replaceAll('  ', '\t')],
  ['a binary tag', good.replace('name: orders', 'name: !!binary aGVsbG8=')],
  ['a tag of somebody', good.replace('name: orders', 'name: !evil {a: b}')],
  ['a prototype', good.replace('metadata:', '__proto__: {polluted: 1}\nconstructor: 5\nmetadata:')],
  ['a date for a name', good.replace('name: orders', 'name: 2026-01-01')],
  ['a number for a name', good.replace('name: orders', 'name: 5')],
  [
    'keys that are lists',
    '? [a, b]\n: c\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: x}\n',
  ],
  ['no text at all', ''],
  ['only comments', '# nothing\n---\n...\n'],
  ['a carriage return at each end', good.replaceAll('\n', '\r\n')],
  ['a byte order mark', `\uFEFF${good}`],
]

void describe('hostile files', () => {
  for (const [name, text] of hostile)
    void it(`end in short, clean lines and soon: ${name}`, async () => {
      const started = performance.now()
      const found = await lines(text)
      assert.ok(performance.now() - started < 10_000)
      assert.ok(found.length <= 60, `${found.length} lines`)
      for (const line of found) {
        assert.ok(line.length < 1_300, `${line.length} characters`)
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]|unexpected|at .*\.ts:|\[object/u)
      }
      assert.equal(Reflect.get({}, 'polluted'), undefined)
    })
})
