import { Pool } from 'undici'

/** The same requests without an engine: so many at every tick of an interval, each answer read and parsed. Gives how many. */
export async function bareLoop(
  origin: string,
  paths: readonly string[],
  rate: number,
  tick: number,
  seconds: number,
): Promise<number> {
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 })
  const flying = new Set<Promise<void>>()
  let polls = 0
  let turn = 0
  const ask = async (path: string): Promise<void> => {
    const { body } = await pool.request({ path, method: 'GET' })
    JSON.parse(await body.text())
    polls++
  }
  await new Promise<void>((resolve) => {
    const start = performance.now()
    const timer = setInterval(() => {
      const elapsed = Math.min(seconds * 1_000, performance.now() - start)
      for (const due = (elapsed / 1_000) * rate; turn < due; turn++) {
        const asking = ask(paths[turn % paths.length] ?? '/').finally(() => flying.delete(asking))
        flying.add(asking)
      }
      if (elapsed < seconds * 1_000) return
      clearInterval(timer)
      resolve()
    }, tick)
  })
  await Promise.all(flying)
  await pool.close()
  return polls
}
