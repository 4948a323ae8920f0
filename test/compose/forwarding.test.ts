import assert from 'node:assert/strict'
import { createServer as createPlain, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Control } from '../../src/compose/control.ts'
import { forwarding } from '../../src/compose/forwarding.ts'
import type { Insight, MetricValue, WorkloadView } from '../../src/control/insight.ts'
import type { WorkloadKind } from '../../src/core/workload-kinds.ts'
import { failure, isFailure } from '../../src/errors.ts'
import type { Holder } from '../../src/lease.ts'
import { issueLeaf, makeAuthority, type Authority } from '../../src/serve/authority.ts'
import { guard } from '../../src/serve/guard.ts'
import { replicaCheck } from '../../src/serve/replicas/identify.ts'
import { createRelay } from '../../src/serve/replicas/relay.ts'
import { serveReplicas } from '../../src/serve/replicas/routes.ts'
import { replicaName } from '../../src/serve/replicas/wire.ts'
import { createServer } from '../../src/serve/server.ts'
import { alsoKeyPair, tlsOptions, type KeyPair } from '../../src/serve/tls.ts'
import { issue } from '../serve/pki.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'
import { fakeInsight, workload } from '../support/insight.ts'

const name = replicaName('ebb', 'ebb')
const day = 86_400_000
const value: MetricValue = { metric: 's0-q', value: 7, at: 1_700_000_000_000 }

interface Owner {
  readonly address: string
  /** How many reads came through. */
  readonly reads: () => number
}

interface OwnerOptions {
  readonly ca: Authority
  readonly clock: ManualClock
  readonly read?: () => Promise<readonly MetricValue[]>
  readonly insight?: Insight
  /** What its listener shows to everybody else; without it that of Ebb's CA. */
  readonly shown?: KeyPair
  /** When its certificate of Ebb's CA was issued. */
  readonly issued?: number
  readonly names?: readonly string[]
  readonly leaving?: boolean
}

/** A replica that leads, on a socket of its own. */
async function owner(t: TestContext, o: OwnerOptions): Promise<Owner> {
  const pair = await issueLeaf(o.ca, o.names ?? [name], o.issued ?? Date.now())
  const app = createServer({ https: tlsOptions(o.shown ?? pair), onFault: console.error })
  const nobody = { identify: async () => ({ kind: 'nobody' }) as const }
  const never = { authorize: () => ({ kind: 'allowed' }) as const }
  guard(app, {
    authentication: nobody,
    authorization: never,
    isReplica: replicaCheck(() => o.ca.cert, { ...o.clock, now: Date.now }),
  })
  let reads = 0
  serveReplicas(app, {
    readings: {
      read() {
        reads++
        return o.read ? o.read() : Promise.resolve([value])
      },
    },
    insight: o.insight ?? { list: async () => [], get: async () => undefined },
    leaving: () => o.leaving ?? false,
  })
  alsoKeyPair(app, name, { current: () => pair, onChange: () => () => undefined })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  // a listener on TCP has such an address
  const { port } = app.server.address() as AddressInfo
  return { address: `127.0.0.1:${port}`, reads: () => reads }
}

interface Standby {
  leader: Holder | undefined
  control: Control | undefined
  readonly looks: () => number
  readonly left: () => number
  readonly clock: ManualClock
  read(): Promise<readonly MetricValue[]>
  get(kind?: WorkloadKind): Promise<WorkloadView | undefined>
}

async function standby(
  t: TestContext,
  ca: Authority,
  o: { readonly clock: ManualClock; readonly pair?: KeyPair; readonly trusted?: string },
): Promise<Standby> {
  const pair = o.pair ?? (await issueLeaf(ca, [name], Date.now()))
  let left = 0
  let looks = 0
  const relay = createRelay({
    clock: o.clock,
    credentials: () => ({ ...pair, trusted: o.trusted ?? ca.cert }),
    name,
    onLeaving: () => left++,
  })
  t.after(() => relay.close())
  const state: { leader: Holder | undefined; control: Control | undefined } = {
    leader: undefined,
    control: undefined,
  }
  const { readings, insight } = forwarding({
    clock: o.clock,
    relay,
    loops: async () => state.control,
    leader: () => state.leader,
    look: () => looks++,
  })
  return Object.assign(state, {
    clock: o.clock,
    looks: () => looks,
    left: () => left,
    read: () => readings.read('shop', 'worker', 's0-q'),
    get: (kind?: WorkloadKind) => insight.get('shop', 'worker', kind),
  })
}

/** Moves time on until a promise has settled; sockets need turns of the real event loop meanwhile. */
async function run<T>(clock: ManualClock, work: Promise<T>, most = 2_000): Promise<T> {
  let done = false
  const end = (): void => {
    done = true
  }
  work.then(end, end)
  for (let ms = 0; !done && ms < most; ms += 10) {
    for (let turn = 0; turn < 20 && !done; turn++) await settle()
    await clock.advance(10)
  }
  return work
}

const at = (identity: string, address: string | undefined): Holder => ({ identity, address })
const unreachable = (why: RegExp) => (error: unknown) =>
  isFailure(error, 'REPLICA_UNREACHABLE') && why.test(error.message)

void test('a read is answered by the replica that leads, over one connection after the other', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const a = await owner(t, { ca, clock })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  assert.deepEqual(await s.read(), [value])
  assert.deepEqual(await s.read(), [value])
  assert.equal(a.reads(), 2)
  assert.equal(clock.pending(), 0, 'no timer stays')
})

void test('with a certificate of its own files, a listener still shows replicas that of the CA of Ebb', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const theirs = await issue('CN=metrics.example', { hosts: ['metrics.example'] })
  const a = await owner(t, { ca, clock, shown: theirs })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  assert.deepEqual(await s.read(), [value])
})

void test('of two workloads of one name the one is told that is meant, also where the leader is older and knows no kinds', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const of = (kind: WorkloadKind): WorkloadView =>
    workload(clock.now(), { namespace: 'shop', name: 'worker', kind })
  const both = fakeInsight([of('ScaledObject'), of('ScaledJob')])
  const a = await owner(t, { ca, clock, insight: both })
  const older = await owner(t, {
    ca,
    clock,
    insight: { ...both, get: (namespace, it) => both.get(namespace, it) },
  })
  const s = await standby(t, ca, { clock })
  const told = async (kind?: WorkloadKind): Promise<string | undefined> => (await s.get(kind))?.kind
  s.leader = at('a', a.address)
  assert.deepEqual(
    [await told('ScaledJob'), await told('ScaledObject'), await told()],
    ['ScaledJob', 'ScaledObject', 'ScaledObject'],
  )
  s.leader = at('b', older.address)
  assert.deepEqual([await told('ScaledJob'), await told()], [undefined, 'ScaledObject'])
})

void test('a failure of the leader is told in its own words', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const why = failure('METRIC_FAILED', { metric: 's0-q', why: 'the source is down' })
  const a = await owner(t, { ca, clock, read: () => Promise.reject(why) })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  await assert.rejects(
    s.read(),
    (error) => isFailure(error, 'METRIC_FAILED') && error.message === why.message,
  )
  assert.equal(a.reads(), 1, 'and is not asked again')
})

/** Who may not be taken for the leader, or for a replica. */
const strangers: Readonly<
  Record<
    string,
    (t: TestContext, ca: Authority, clock: ManualClock) => Promise<{ a: Owner; s: Standby }>
  >
> = {
  'a leader of another CA': async (t, ca, clock) => ({
    a: await owner(t, { ca: await makeAuthority(Date.now()), clock }),
    s: await standby(t, ca, { clock }),
  }),
  'a leader whose certificate has ended': async (t, ca, clock) => ({
    a: await owner(t, { ca, clock, issued: Date.now() - 40 * day }),
    s: await standby(t, ca, { clock }),
  }),
  'a leader whose certificate has another name': async (t, ca, clock) => ({
    a: await owner(t, { ca, clock, names: ['ebb.ebb.svc'] }),
    s: await standby(t, ca, { clock }),
  }),
  'a caller with a certificate of another CA': async (t, ca, clock) => ({
    a: await owner(t, { ca, clock }),
    s: await standby(t, ca, {
      clock,
      pair: await issueLeaf(await makeAuthority(Date.now()), [name], Date.now()),
    }),
  }),
  'a caller whose certificate has ended': async (t, ca, clock) => ({
    a: await owner(t, { ca, clock }),
    s: await standby(t, ca, {
      clock,
      pair: await issueLeaf(ca, [name], Date.now() - 40 * day),
    }),
  }),
}
for (const [who, arrange] of Object.entries(strangers)) {
  void test(`${who} is refused, and nothing is read`, async (t) => {
    const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
    const { a, s } = await arrange(t, ca, clock)
    s.leader = at('a', a.address)
    await assert.rejects(run(clock, s.read()), unreachable(/certificate|HTTP 403|altnames/i))
    assert.equal(a.reads(), 0)
  })
}

void test('a leader that hangs holds a read for a second, and no longer', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  let release: (() => void) | undefined
  const a = await owner(t, {
    ca,
    clock,
    read: () => new Promise((resolve) => (release = () => resolve([value]))),
  })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  const started = clock.now()
  await assert.rejects(run(clock, s.read()), unreachable(/no answer within 1 s/))
  assert.ok(clock.now() - started <= 1_050, `${clock.now() - started} ms`)
  release?.()
})

void test('a leader that is gone is looked up anew, and the next one is asked within the second', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const gone = createPlain((socket) => socket.destroy())
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => gone.close(resolve)))
  const b = await owner(t, { ca, clock })
  const s = await standby(t, ca, { clock })
  // a listener on TCP has such an address
  s.leader = at('a', `127.0.0.1:${(gone.address() as AddressInfo).port}`)
  const read = s.read()
  while (s.looks() === 0) await settle()
  s.leader = at('b', b.address)
  assert.deepEqual(await run(clock, read), [value])
})

void test('while nobody leads a read waits for who comes, be it this replica', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const s = await standby(t, ca, { clock })
  const read = s.read()
  await clock.advance(500)
  // as much of the loops as a read needs
  s.control = { readings: { read: async () => [value] } } as unknown as Control
  assert.deepEqual(await run(clock, read), [value])
  s.control = undefined
  await assert.rejects(run(clock, s.read()), unreachable(/no replica leads now/))
})

void test('two that take each other for the leader do not send a read around', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const notI = (): Promise<never> => Promise.reject(failure('NOT_LEADING', { holder: 'b' }))
  const a = await owner(t, { ca, clock, read: notI })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  await assert.rejects(run(clock, s.read()), (error) => isFailure(error, 'NOT_LEADING'))
  assert.equal(a.reads(), 1)
})

void test('a leader without an address says what to do', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const s = await standby(t, ca, { clock })
  s.leader = at('a', undefined)
  await assert.rejects(run(clock, s.read()), unreachable(/--advertise-address/))
})

void test('one that is about to end says so with its answer', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const a = await owner(t, { ca, clock, leaving: true })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  await s.read()
  assert.equal(s.left(), 1)
})

void test('a leader that hangs is tried once a second from its third failure on, and nobody else waits for it', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  let hangs = true
  const ends: (() => void)[] = []
  const read = (): Promise<readonly MetricValue[]> =>
    hangs ? new Promise((resolve) => ends.push(() => resolve([value]))) : Promise.resolve([value])
  const a = await owner(t, { ca, clock, read })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  const took = async (): Promise<number> => {
    const started = clock.now()
    await assert.rejects(run(clock, s.read()), unreachable(/no answer within 1 s/))
    return clock.now() - started
  }
  for (let i = 0; i < 3; i++) assert.ok((await took()) >= 1_000)
  const looks = s.looks()
  for (let i = 0; i < 20; i++) assert.ok((await took()) <= 10)
  assert.equal(a.reads(), 3)
  assert.ok(s.looks() > looks, 'who leads is looked up all the same')
  await clock.advance(1_000)
  const probe = took()
  await settle()
  await assert.rejects(s.read(), unreachable(/no answer/), 'not while one tries it')
  await probe
  assert.equal(a.reads(), 4)
  const b = await owner(t, { ca, clock })
  s.leader = at('b', b.address)
  assert.deepEqual(await run(clock, s.read()), [value], 'whoever leads next is asked at once')
  s.leader = at('a', a.address)
  hangs = false
  for (const end of ends) end()
  assert.deepEqual(await run(clock, s.read()), [value])
})

void test('a leader whose views take too long is still asked for readings', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const ends: (() => void)[] = []
  const slow = (): Promise<undefined> =>
    new Promise((resolve) => ends.push(() => resolve(undefined)))
  const insight = { list: async () => [], get: slow }
  const a = await owner(t, { ca, clock, insight })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  for (let i = 0; i < 5; i++) await assert.rejects(run(clock, s.get()), unreachable(/no answer/))
  assert.deepEqual(await run(clock, s.read()), [value])
  for (const end of ends) end()
})

void test('a leader that hangs has a bounded number of reads wait for it, and they end within the second', async (t) => {
  const [ca, clock] = [await makeAuthority(Date.now()), manualClock()]
  const ends: (() => void)[] = []
  const read = (): Promise<readonly MetricValue[]> =>
    new Promise((resolve) => ends.push(() => resolve([value])))
  const a = await owner(t, { ca, clock, read })
  const s = await standby(t, ca, { clock })
  s.leader = at('a', a.address)
  const started = clock.now()
  let ended = 0
  const all = Array.from({ length: 400 }, () => s.read().finally(() => ended++))
  const settled = Promise.allSettled(all)
  await settle()
  assert.equal(ended, 400 - 256, 'those above the bound fail at once')
  while (a.reads() < 32) await settle()
  await clock.advance(900)
  assert.equal(a.reads(), 32, 'as many as there are connections')
  const results = await run(clock, settled)
  const told = (why: RegExp): number =>
    results.filter((one) => one.status === 'rejected' && unreachable(why)(one.reason)).length
  assert.equal(told(/256 requests wait already/), 400 - 256)
  assert.equal(told(/no answer within 1 s/), 256)
  assert.ok(clock.now() - started <= 1_050)
  for (const end of ends) end()
})
