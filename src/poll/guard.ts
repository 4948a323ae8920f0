import { failure } from '../errors.ts'
import { error, type Answer, type Sample } from '../scaler.ts'
import { publish, type Entry } from './board.ts'

/** For how many rounds a query that is doubted counts as failed while it stays empty. */
const rounds = 3
/** `doubted` of an entry whose rounds are over: the next empty answer is believed. */
const over = -1

/** A query whose value turned into nothing within the last round. */
interface Loss {
  readonly entry: Entry
  readonly until: number
  /** The good sample it had, where the loss was taken for true; undefined once it is doubted. */
  believed: Sample<unknown> | undefined
}

/**
 * Tells a source that has lost its memory (restarted with an empty disk, answers from another shard) from queries that are
 * truly empty. If at least half of the queries whose last good answer was a value, and at least two, turn empty within one
 * round, they count as SOURCE_FORGOT for three rounds. A round is one call where queries are batched, else one period of each
 * query: there the first losses are believed until the half is reached, and are then taken back at once.
 */
export interface Guard {
  /** What to record for the answers that came for these entries, in order; corrects what was recorded earlier in the round. */
  judge(
    entries: readonly Entry[],
    answers: readonly Answer<unknown>[],
    round: number,
    now: number,
  ): readonly Answer<unknown>[]
  /** The entry is gone. */
  forget(entry: Entry): void
}

const hasValue = (entry: Entry): boolean => entry.good?.answer.kind === 'value'
const isEmpty = (answer: Answer<unknown>): boolean => answer.kind === 'empty'

/** Still a loss: neither out of its round nor answered with a value since. */
const stands = (loss: Loss, now: number): boolean =>
  loss.until >= now &&
  (loss.believed === undefined ? loss.entry.doubted > 0 : !hasValue(loss.entry))

export function createGuard(): Guard {
  let losses: Loss[] = []
  /** Entries whose last good answer is a value. */
  let valued = 0
  let verdict: Answer<unknown> = { kind: 'empty' }

  const believed = (): number => losses.filter((loss) => loss.believed !== undefined).length

  /** Adds the losses; true when they are too many to be true. */
  const suspicious = (fresh: readonly Entry[], round: number, now: number): boolean => {
    losses = losses.filter((loss) => stands(loss, now))
    const had = valued + believed()
    for (const entry of fresh) losses.push({ entry, until: now + round, believed: undefined })
    if (losses.length < 2 || losses.length * 2 < had) return false
    verdict = error(failure('SOURCE_FORGOT', { lost: losses.length, of: had }))
    return true
  }

  /** Takes back what was believed earlier in the round. */
  const correct = (now: number): void => {
    const doubted = losses.filter((loss) => loss.believed !== undefined)
    for (const loss of doubted) {
      const { entry } = loss
      entry.good = loss.believed
      entry.doubted = rounds - 1
      loss.believed = undefined
      valued++
    }
    publish(
      doubted.map(({ entry }) => entry),
      doubted.map(() => verdict),
      now,
      0,
    )
  }

  const believeNewest = (count: number): void => {
    for (const loss of losses.slice(-count)) loss.believed = loss.entry.good
  }

  /** What an empty answer counts as, given whether the losses of this call are doubted. */
  const weigh = (entry: Entry, answer: Answer<unknown>, doubt: boolean): Answer<unknown> => {
    if (entry.doubted > 0) {
      entry.doubted = entry.doubted === 1 ? over : entry.doubted - 1
      return verdict
    }
    if (entry.doubted === 0 && doubt && hasValue(entry)) {
      entry.doubted = rounds - 1
      return verdict
    }
    if (hasValue(entry)) valued--
    entry.doubted = 0
    return answer
  }

  const gain = (entry: Entry): void => {
    if (!hasValue(entry)) valued++
    entry.doubted = 0
  }

  return {
    judge(entries, answers, round, now) {
      const fresh = answers.some(isEmpty)
        ? entries.filter((e, i) => answers[i]?.kind === 'empty' && e.doubted === 0 && hasValue(e))
        : []
      const doubt = fresh.length > 0 && suspicious(fresh, round, now)
      if (doubt) correct(now)
      else if (fresh.length > 0) believeNewest(fresh.length)
      let judged: Answer<unknown>[] | undefined
      entries.forEach((entry, i) => {
        const answer = answers[i]
        if (answer?.kind === 'value') gain(entry)
        if (answer?.kind !== 'empty') return
        judged ??= [...answers]
        judged[i] = weigh(entry, answer, doubt)
      })
      return judged ?? answers
    },
    forget(entry) {
      if (hasValue(entry)) valued--
      losses = losses.filter((loss) => loss.entry !== entry)
    },
  }
}
