/** Who else writes the replicas of one target, as one process could see. */
export interface Others {
  /** Another count was there, and this is who had written it. */
  wrote(manager: string, now: number): void
  /** The user has changed the object, or the process begins anew: what was before counts for nothing. */
  forget(): void
  /** Who it is that Ebb must leave the replicas to now; undefined where there is nobody. */
  contested(now: number): string | undefined
}

/** Two writes by one within this are a contest, and it lasts as long (ms). */
const patience = 300_000
/** Both ends are left open by so much (ms). */
const roughly = 5_000

export function createOthers(): Others {
  const wrote = new Map<string, number>()
  let contest: { readonly by: string; readonly since: number } | undefined
  return {
    wrote(manager, now) {
      const last = wrote.get(manager) ?? Number.NEGATIVE_INFINITY
      wrote.set(manager, now)
      if (now - last < patience - roughly) contest = { by: manager, since: now }
    },
    forget() {
      wrote.clear()
      contest = undefined
    },
    contested: (now) =>
      contest && now > contest.since && now < contest.since + patience - roughly
        ? contest.by
        : undefined,
  }
}
