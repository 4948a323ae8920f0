import type { World } from './time.ts'

/** When workloads were last known to be active, by uid, over all processes. */
export interface Activity {
  readonly at: (uid: string) => number | undefined
  /** Activity that a process may know of or not. */
  readonly perhapsAt: (uid: string) => number | undefined
  perhaps(uid: string): void
  /** One for each process. */
  follow(): Episodes
}

/** What one process knows of the activity that goes on. */
export interface Episodes {
  active(uid: string): void
  idle(uid: string): void
  /** That activity began is known to a successor only once it was written, which takes a moment, and long in trouble. */
  forgetUnwritten(): void
}

/** Activity is written to the status within this, if the API server answers (ms). */
const unwritten = 1_000

export function createActivity(world: World, troubled: () => boolean): Activity {
  const activeAt = new Map<string, number>()
  /** `activeAt` before this instant. */
  const activeBefore = new Map<string, { readonly now: number; readonly at: number | undefined }>()
  const perhapsAt = new Map<string, number>()

  const restore = (uid: string, at: number | undefined): void => {
    if (at === undefined) activeAt.delete(uid)
    else activeAt.set(uid, at)
  }

  return {
    at: (uid) => activeAt.get(uid),
    perhapsAt: (uid) => perhapsAt.get(uid),
    perhaps: (uid) => void perhapsAt.set(uid, world.now()),
    follow() {
      /** Since when workloads are active without a break, and when they were before. */
      const episodes = new Map<
        string,
        { readonly began: number; readonly before: number | undefined }
      >()
      return {
        active(uid) {
          const now = world.now()
          const at = activeAt.get(uid)
          if (!episodes.has(uid)) episodes.set(uid, { began: now, before: at })
          if (at !== now) activeBefore.set(uid, { now, at })
          activeAt.set(uid, now)
        },
        idle(uid) {
          const before = activeBefore.get(uid)
          // of what comes in one answer the last word counts: what was said before of the rest of it is no activity now
          if (before?.now === world.now()) restore(uid, before.at)
          // in trouble its end may be unwritten too
          if (!troubled()) episodes.delete(uid)
        },
        forgetUnwritten() {
          for (const [uid, { began, before }] of episodes) {
            if (world.now() - began > unwritten && !troubled()) continue
            if (before === undefined) perhapsAt.set(uid, began)
            restore(uid, before)
          }
          episodes.clear()
        },
      }
    },
  }
}
