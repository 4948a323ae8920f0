import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { canStart, startControlPlane, type ControlPlane } from '../control-plane/start.ts'
import { startBalancer, type Balancer } from '../support/balancer.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { point, until } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObjectOf } from '../support/objects.ts'
import { build, startEbb, type EbbProcess } from '../support/process.ts'
import { readAllTheTime, type Read } from '../support/reads.ts'

/** Shorter than the defaults, in the same proportion: a crash is over sooner. */
const times = [
  '--lease-duration',
  '6s',
  '--lease-renew-deadline',
  '4s',
  '--lease-retry-period',
  '1s',
]
/** From the last renewal to the next holder: the Lease. */
const takeover = 6_000
/** What a loaded machine may take beyond it. */
const slack = 6_000

/** A replica with a token of its own, by which its requests are known in the audit log. */
interface Replica extends EbbProcess {
  readonly token: string
}

interface Fleet {
  readonly plane: ControlPlane
  readonly balancer: Balancer
  start(): Promise<Replica>
  /** The replica that holds the Lease. */
  leader(): Promise<Replica | undefined>
}

async function openFleet(t: TestContext, plane: ControlPlane, balancer: Balancer): Promise<Fleet> {
  build()
  await plane.kubectl('apply', '--server-side', '-k', 'manifests')
  await plane.kubectl('-n', 'ebb', 'scale', 'deployment', 'ebb', '--replicas=0')
  await point(plane, balancer.port)
  const all: Replica[] = []
  t.after(() => Promise.all(all.map((replica) => replica.kill())))
  const place = ['--namespace', 'ebb', '--advertise-address', '127.0.0.1']
  const look = looksAt(plane)
  return {
    plane,
    balancer,
    async start() {
      const given = await plane.tokenKubeconfig('ebb', 'ebb')
      const own = join(plane.folder, `replica-${all.length}`)
      await copyFile(given, own)
      const args = ['--kubeconfig', own, ...place, '--shutdown-delay', '5s', ...times]
      const token = tokenId(await readFile(own, 'utf8'))
      const replica = Object.assign(await startEbb(args), { token })
      all.push(replica)
      balancer.add(replica)
      await until('it is ready', async () => balancer.serves(replica), Boolean)
      return replica
    },
    async leader() {
      const address = await look.path(
        'lease',
        'ebb/ebb',
        '{.metadata.annotations.ebb\\.dev/address}',
      )
      const held = await look.path('lease', 'ebb/ebb', '{.spec.holderIdentity}')
      return held === '' ? undefined : all.find((r) => address === `127.0.0.1:${r.httpsPort}`)
    },
  }
}

/** How the audit log names the token of a kubeconfig. */
function tokenId(kubeconfig: string): string {
  const [, claims = ''] = /"?token"?:\s*"?[\w-]+\.([\w-]+)\./.exec(kubeconfig) ?? []
  return `JTI=${JSON.parse(Buffer.from(claims, 'base64url').toString()).jti}`
}

/** What a replica has changed on the cluster since then (ISO time), as `verb resource`. */
async function writesOf(plane: ControlPlane, { token }: Replica, since: string) {
  const changes = ['create', 'update', 'patch', 'delete']
  return (await plane.audit())
    .filter(
      (e) =>
        e.requestReceivedTimestamp >= since &&
        changes.includes(e.verb) &&
        e.responseStatus?.code !== 409 &&
        !e.objectRef?.resource?.endsWith('reviews') &&
        e.user.extra?.['authentication.kubernetes.io/credential-id']?.includes(token),
    )
    .map((e) => `${e.verb} ${e.objectRef?.resource}/${e.objectRef?.subresource ?? ''}`)
}

const failed = (reads: readonly Read[]): readonly string[] =>
  reads.filter((read) => read.code !== 200).map((read) => `${read.code} ${read.body}`)

test(
  'on a real control plane, replicas take over from each other',
  { timeout: 600_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    await using plane = await startControlPlane({
      audit: true,
      hpaSync: '1s',
      downscaleStabilization: '1s',
    })
    await using balancer = await startBalancer()
    const fleet = await openFleet(t, plane, balancer)
    const look = looksAt(plane)
    const source = await startFakePrometheus()
    t.after(() => source.close())
    source.values.set('orders', 25)

    const a = await fleet.start()
    const b = await fleet.start()
    await plane.apply(
      listOf(deploymentObject('orders'), scaledObjectOf('orders', { url: source.url })),
    )
    const isAt = (count: number, seconds = 60): Promise<unknown> =>
      until(
        `orders is at ${count}`,
        () => look.replicas('orders'),
        (n) => n === count,
        seconds,
      )
    const leads = (replica: Replica, seconds = 30): Promise<unknown> =>
      until(
        'it leads',
        () => fleet.leader(),
        (leader) => leader === replica,
        seconds,
      )
    await isAt(3)
    await leads(a)

    await t.test('every replica gives the answer of the one that leads', async () => {
      assert.equal(b.leads, false)
      // as when it were not allowed to follow the Lease
      const trouble = [a, b].flatMap(({ lines }) =>
        lines.filter((l) => l.includes('"msg":"Lease"')),
      )
      assert.deepEqual(trouble, [])
      for (const { httpPort } of [a, b]) {
        const answer = await fetch(`http://127.0.0.1:${httpPort}/api/workloads`)
        const text = await answer.text()
        assert.match(text, /"orders"/, text)
      }
      for (let i = 0; i < 4; i++) {
        const args = ['dist/ebb.js', 'explain', 'default/orders', '--kubeconfig', plane.kubeconfig]
        // not synchronous: the balancer runs in this process
        const { stdout } = await promisify(execFile)(process.execPath, args)
        assert.match(stdout, /orders/)
      }
    })

    await t.test('a rolling update of both loses no read of an HPA', async () => {
      await using reads = await readAllTheTime(plane, 'orders', 40)
      const started = performance.now()
      const c = await fleet.start()
      const first = await a.stop()
      assert.equal(first.code, 0)
      assert.ok(first.ms < 10_000, `${first.ms} ms`)
      const d = await fleet.start()
      const second = await b.stop()
      assert.equal(second.code, 0)
      await until(
        'one of the new ones leads',
        () => fleet.leader(),
        (l) => l === c || l === d,
      )
      const seconds = (performance.now() - started) / 1_000
      await reads[Symbol.asyncDispose]()
      assert.deepEqual(failed(reads.all), [])
      assert.deepEqual(
        new Set(reads.all.map(({ body }) => JSON.parse(body).items[0]?.value)),
        new Set(['25']),
      )
      assert.ok(reads.all.length > 20 * seconds * 0.9, `${reads.all.length} in ${seconds} s`)
      assert.equal(await look.replicas('orders'), 3)
      const longest = Math.max(...reads.all.map(({ asked, answered }) => answered - asked))
      t.diagnostic(
        `${reads.all.length} reads in ${seconds.toFixed(1)} s, the longest ${longest} ms`,
      )
    })

    await t.test(
      'after a crash another one leads within the Lease, and lowers nothing on ignorance',
      async () => {
        const owner = await fleet.leader()
        assert.ok(owner)
        const other = await fleet.start()
        source.mood = 'failing'
        const killed = Date.now()
        await owner.kill()
        await until(
          'another one leads',
          () => fleet.leader(),
          (l) => l !== undefined && l !== owner,
        )
        const took = Date.now() - killed
        assert.ok(took < takeover + slack, `${took} ms`)
        const before = source.exchanges.length
        await until(
          'it has polled',
          async () => {
            assert.equal(await look.replicas('orders'), 3)
            return source.exchanges.length - before
          },
          (n) => n >= 3,
          60,
        )
        source.mood = 'well'
        await using reads = await readAllTheTime(plane, 'orders', 100)
        await until(
          'reads go on',
          async () => reads.all.filter(({ code }) => code === 200).length,
          (n) => n > 20,
        )
        source.values.set('orders', 15)
        await isAt(2)
        assert.ok(balancer.serves(other))
      },
    )

    await t.test(
      'a replica that was paused for longer than its Lease writes nothing when it goes on',
      async () => {
        const owner = await fleet.leader()
        assert.ok(owner)
        process.kill(owner.pid, 'SIGSTOP')
        await until(
          'another one leads',
          () => fleet.leader(),
          (l) => l !== undefined && l !== owner,
        )
        source.values.set('orders', 35)
        // a read of the HPA may hang for a minute on a connection that the paused one had before
        await isAt(4, 120)
        const woken = new Date().toISOString()
        process.kill(owner.pid, 'SIGCONT')
        await until(
          'it has noticed',
          async () => owner.lines.some((l) => l.includes('"stands by"')),
          Boolean,
        )
        source.values.set('orders', 5)
        await isAt(1)
        assert.deepEqual(await writesOf(plane, owner, woken), [])
        const leader = await fleet.leader()
        assert.ok(
          leader && (await writesOf(plane, leader, woken)).length > 0,
          'the audit log tells them apart',
        )
        await until('it is ready again', async () => balancer.serves(owner), Boolean)
      },
    )
  },
)
