import { failure } from '../../src/errors.ts'
import type { Process } from './process.ts'
import type { Who } from './scenario.ts'

/** The processes of Ebb, each in a place that its successor takes. */
export interface Fleet {
  /** The one that lives there. */
  in(place: number): Process | undefined
  put(place: number, process: Process): void
  /** Whoever dies in this place from now on stays away for so long (ms). */
  down(place: number, ms: number): void
  downFor(place: number): number
  placeOf(who: Who): number
  /** The one whose loops run and may write. */
  owner(): Process | undefined
  find(id: string): Process | undefined
  /** Whom a Service would send a client to: each in turn of those that are ready. */
  next(): Process
  kill(): void
}

export function createFleet(size: number): Fleet {
  const places: (Process | undefined)[] = Array.from({ length: size }, () => undefined)
  const downs = places.map(() => 0)
  let turn = 0
  const ownerAt = (): number => places.findIndex((p) => p?.leads && p.control !== undefined)
  const anyAt = (): number => places.findIndex((p) => p?.alive)
  return {
    in: (place) => (places[place]?.alive ? places[place] : undefined),
    put(place, process) {
      places[place] = process
    },
    down(place, ms) {
      downs[place] = ms
    },
    downFor: (place) => downs[place] ?? 0,
    placeOf(who) {
      if (who !== 'owner') return who
      const owner = ownerAt()
      return owner >= 0 ? owner : Math.max(0, anyAt())
    },
    owner: () => places[ownerAt()],
    find: (id) => places.find((p) => p?.alive && p.id === id),
    next() {
      for (let tried = 0; tried < size; tried++) {
        const process = places[turn++ % size]
        // alone, one that is not ready says so itself
        if (process?.alive && (process.ready || size === 1)) return process
      }
      throw failure('CLUSTER_UNREACHABLE', { server: 'ebb', why: 'nobody serves it' })
    },
    kill() {
      for (const process of places) process?.kill()
    },
  }
}
