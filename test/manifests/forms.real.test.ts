import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createJudge, type Facts, type JudgedKind, judgedKinds } from '../../src/admission/judge.ts'
import { fieldText } from '../../src/admission/problem.ts'
import { canStart, type ControlPlane, startControlPlane } from '../control-plane/start.ts'
import { need } from '../support/need.ts'
import { plain, specOf, withWrong, type Wrong, wrongs } from '../support/wrong.ts'

let plane: ControlPlane | undefined
before(async () => {
  if (!(await canStart())) return
  plane = await startControlPlane()
  await plane.kubectl('apply', '--server-side', '-k', 'manifests/crds')
  await plane.kubectl('wait', '--for=condition=Established', 'crd', '--all')
})
after(() => plane?.close())

const facts: Facts = {
  neighbours: undefined,
  target: undefined,
  judgesTarget: false,
  limits: [],
  types: [],
  scaler: () => undefined,
  authentication: () => undefined,
}

/** Requests carry them, but five hundred at once would not do. */
const large = ['a megabyte', 'odd keys']

interface Tried {
  readonly wrong: Wrong
  readonly object: object
  readonly name: string
}

const tried = (kind: JudgedKind): readonly Tried[] => {
  const spec = specOf(kind)
  const trigger = { type: 'queue', metadata: { queue: 'a' } }
  const base = kind.startsWith('Scaled') ? { ...Object(plain(spec)), triggers: [trigger] } : {}
  return [...wrongs(spec)]
    .filter(({ what }) => !large.includes(what))
    .map((wrong, at) => {
      const name = `wrong-${at}`
      const metadata = {
        name,
        ...(kind !== 'ClusterTriggerAuthentication' && { namespace: 'default' }),
      }
      const object = {
        apiVersion: 'keda.sh/v1alpha1',
        kind,
        metadata,
        spec: withWrong(base, spec, wrong.path, wrong.value),
      }
      return { wrong, object, name }
    })
}

void describe('the form of objects', () => {
  for (const kind of judgedKinds)
    void it(`is judged as a real API server judges it: ${kind}`, async (t) => {
      if (!need(t, plane !== undefined, 'Go, to build a control plane') || !plane) return
      const all = tried(kind)
      const text = all.map(({ object }) => JSON.stringify(object)).join('\n---\n')
      const { stdout, stderr } = await plane.tryKubectl(
        text,
        'create',
        '--dry-run=server',
        '--validate=false',
        '-f',
        '-',
      )
      const accepted = new Set(
        [...stdout.matchAll(/\/(wrong-\d+) created/g)].map(([, name]) => name),
      )
      const judge = createJudge()
      const differ = all.flatMap(({ wrong, object, name }) => {
        const problems = judge.judge(kind, JSON.parse(JSON.stringify(object)), facts)
        const refused = problems.filter(({ weight }) => weight === 'refused')
        const formal = refused.filter(({ rule }) => rule === 'structure')
        const where = `${fieldText(['spec', ...wrong.path])}, ${wrong.what}`
        // the definition never refuses what the rules accept
        if (!accepted.has(name) && refused.length === 0) return [`the server refuses ${where}`]
        // and lets nothing in that does not have the form
        return accepted.has(name) && formal.length > 0 ? [`the server accepts ${where}`] : []
      })
      assert.ok(accepted.size > 50 && accepted.size < all.length, stderr.slice(0, 500))
      assert.deepEqual(differ, [])
    })
})
