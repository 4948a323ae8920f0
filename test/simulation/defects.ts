import { directDefects } from './direct/defects.ts'
import { jobDefects } from './jobs/defects.ts'
import { wayDefects } from './ways/defects.ts'

/** A change of one line of Ebb. */
export interface Change {
  readonly file: string
  /** Must stand in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** A change that breaks a promise: what the simulation must notice. */
export interface Defect extends Change {
  readonly name: string
  /** Where a promise is kept twice over: the other line that must go too. */
  readonly also?: Change
  /** The promise that is broken by it, as the checker says it. */
  readonly breaks: string
  /** Noticed by the first seeds, so that every run of the tests shows it. */
  readonly quick?: true
}

const decide = 'src/core/decide.ts'
const ignorance = 'never down on ignorance'

export const defects: readonly Defect[] = [
  ...jobDefects,
  ...directDefects,
  ...wayDefects,
  {
    name: 'sleep on an unread source',
    file: decide,
    find: `known && s.composite?.state !== 'unread' ? undefined : 'warming-up'`,
    replace: 'known || !known ? undefined : undefined',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'sleep on a failing source',
    file: decide,
    find: `if (anyFailing(s)) return awaitsFallback(s) ? 'awaiting-fallback' : 'failing-blind'`,
    replace: '',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'forget the cooldown',
    file: decide,
    find: `return s.now > coolAt(s) ? {`,
    replace: `return s.now > s.created ? {`,
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'forget the last activity at a restart',
    file: 'src/control/standing.ts',
    find: 'lastActive: lastActiveAtStart(first, start),',
    replace: 'lastActive: lastActiveAtStart({ ...first, status: {} }, start),',
    breaks: ignorance,
  },
  {
    name: 'wake at one above',
    file: decide,
    find: 'const up = within(s, Math.max(s.min, 1))',
    replace: 'const up = within(s, Math.max(s.min, 1) + 1)',
    breaks: 'bounded result',
    quick: true,
  },
  {
    name: 'take NaN for zero',
    file: 'src/control/triggers.ts',
    find: 'if (!Number.isFinite(reading.value)) return missing()',
    replace: 'if (!Number.isFinite(reading.value)) return { value: 0, active: false }',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'take an empty answer for zero',
    file: 'src/control/triggers.ts',
    find: `scaler.missing?.(m) ?? failure('SAMPLE_EMPTY', { what: metric })`,
    replace: '({ value: 0, active: false })',
    breaks: ignorance,
  },
  {
    name: 'take a number beyond counting as it is',
    file: 'src/control/triggers.ts',
    find: 'return reading.value < tooLarge',
    replace: 'return reading.value < Infinity || tooLarge < 0',
    breaks: ignorance,
  },
  {
    name: 'believe a source that has lost its memory',
    file: 'src/poll/guard.ts',
    find: 'if (losses.length < 2 || losses.length * 2 < had) return false',
    replace: 'if (losses.length < 1e9 + had) return false',
    breaks: ignorance,
  },
  {
    name: 'serve answers of any age',
    file: 'src/poll/board.ts',
    find: 'if (good !== undefined && now - good.at <= age) return good',
    replace: 'if (good !== undefined) return good',
    breaks: ignorance,
  },
  {
    name: 'fall back at the first failure',
    file: 'src/core/health.ts',
    find: 'const engaged = failures > threshold',
    replace: 'const engaged = failures > 0 * threshold',
    breaks: ignorance,
    quick: true,
  },
  {
    name: 'let readers count failures for the fallback',
    file: 'src/core/health.ts',
    find: 'countedAt === undefined || now >= countedAt + period || now < countedAt',
    replace: 'countedAt === undefined || now > countedAt || period < 0 || now < countedAt',
    breaks: ignorance,
  },
  {
    name: 'write the status whether it differs or not',
    file: 'src/control/publish.ts',
    find: 'if (!patch) return',
    replace: '',
    breaks: 'one write per change',
  },
  {
    name: 'write the last activity with every poll',
    file: 'src/control/standing.ts',
    find: 'lastActive = lastActiveAfter(situation, decision, false)',
    replace:
      'lastActive = lastActiveAfter(situation, decision, false); storedLastActive = lastActive; publisher.poke()',
    breaks: 'no writes at rest',
    quick: true,
  },
  {
    name: 'write the HPA whether it differs or not',
    file: 'src/control/hpa.ts',
    find: `if (!hpaDiffers(wanted, found)) return 'unchanged'`,
    replace: '',
    breaks: 'one write per change',
    quick: true,
  },
  {
    name: 'keep no record of what was written',
    file: 'src/control/ledger.ts',
    find: 'if (last) last.write = write',
    replace: 'if (last && write === undefined) last.write = write',
    breaks: 'every change has a record',
    quick: true,
  },
  {
    name: 'record another situation than was decided on',
    file: 'src/control/decider.ts',
    find: 'parts.decided(situation, decision, ledger.note(situation, decision))',
    replace:
      'parts.decided(situation, decision, ledger.note({ ...situation, replicas: situation.replicas + 1 }, decision))',
    breaks: 'replay equality',
    quick: true,
  },
  {
    name: 'follow nothing any more once a watch has ended',
    file: 'src/mirror/reflect.ts',
    find: "if (isFailure(error, 'CLUSTER_GONE')) return start()",
    replace: `if (isFailure(error, 'CLUSTER_GONE')) return at`,
    breaks: 'comes right',
  },
  {
    name: 'probe a failed source no more',
    file: 'src/poll/outage.ts',
    find: 'if (!stands && Number.isFinite(at)) schedule.set(',
    replace: 'if (!stands && at < 0) schedule.set(',
    breaks: 'comes right',
  },
  {
    name: 'take what was read before a gap for fresh',
    file: decide,
    find: 't.at !== undefined && t.at >= since',
    replace: 't.at !== undefined && since < Infinity',
    breaks: ignorance,
  },
  {
    name: 'ignore a pause of scale-in',
    file: decide,
    find: `return stay('settled')\n  if (s.paused === 'in') return stay('paused')`,
    replace: `return stay('settled')`,
    breaks: ignorance,
  },
  {
    name: 'write a scale without its version',
    file: 'src/control/act.ts',
    find: 'namespace: ref.namespace, resourceVersion }',
    replace: `namespace: ref.namespace, ...(resourceVersion === '' && { resourceVersion }) }`,
    breaks: 'no change of others is lost',
    quick: true,
  },
  {
    name: 'forget when a forced activity ended',
    file: 'src/control/standing.ts',
    find: 'if (busy && !busyNow) {',
    replace: 'if (busy && !busyNow && first.metadata.uid === undefined) {',
    breaks: ignorance,
  },
  {
    name: 'act on for longer than the Lease lasts',
    file: 'src/lease.ts',
    find: 'actsUntil = outcome.until - duration + renewDeadline',
    replace: 'actsUntil = outcome.until - duration + 3 * renewDeadline',
    breaks: 'one asks',
  },
  {
    name: 'take the Lease of another before its end',
    file: 'src/lease/attempt.ts',
    find: '(seen.lease.spec?.leaseDurationSeconds ?? 0) * 1000',
    replace: '(seen.lease.spec?.leaseDurationSeconds ?? 0) * 600',
    breaks: 'never two writers',
  },
  {
    name: 'go on asking after the Lease is lost',
    file: 'src/compose/election.ts',
    find: 'leadership.lead(false)',
    replace: '',
    breaks: 'one asks',
  },
  {
    name: 'ask as a standby',
    file: 'src/compose/election.ts',
    find: `if (holder?.identity !== identity)`,
    replace: 'leadership.lead(true); if (holder?.identity !== identity)',
    breaks: 'one asks',
    quick: true,
  },
  {
    name: 'keep the Lease when asked to end',
    file: 'src/lease.ts',
    find: 'await giveBack(lease, clock, news)',
    replace: 'news.trouble(undefined)',
    breaks: 'planned hand-over',
    quick: true,
  },
  {
    name: 'wait three times as long as the Lease lasts',
    file: 'src/lease/attempt.ts',
    find: '(seen.lease.spec?.leaseDurationSeconds ?? 0) * 1000',
    replace: '(seen.lease.spec?.leaseDurationSeconds ?? 0) * 3000',
    breaks: 'takeover',
  },
  {
    name: 'look at the Lease now and then instead of following it',
    file: 'src/lease.ts',
    find: 'else if (await awaitTurn()) continue',
    replace: '',
    breaks: 'takeover',
  },
  {
    name: 'renew the Lease all the time',
    file: 'src/lease.ts',
    find: 'await pause(Math.min(retryPeriod, actsUntil - clock.now()))',
    replace: 'await pause(Math.min(retryPeriod / 4, actsUntil - clock.now()))',
    breaks: 'one write per change',
    quick: true,
  },
]
