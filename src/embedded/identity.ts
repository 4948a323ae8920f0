/** A seeded source of numbers in [0, 1), so that equal scripts make equal names (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What makes objects distinguishable: repeatable for a repeatable `random`. */
export interface Identity {
  /** In the form of a UUID; never the same twice, whatever `random` does. */
  uid(): string
  /** Five characters as in the names of pods. */
  suffix(): string
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

export function createIdentity(random: () => number): Identity {
  let serial = 0
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  const letter = (): string => alphabet.charAt(Math.floor(random() * alphabet.length))
  return {
    uid() {
      const last = (++serial).toString(16).padStart(12, '0')
      return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${last}`
    },
    suffix: () => Array.from({ length: 5 }, letter).join(''),
  }
}
