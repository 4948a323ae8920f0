import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Holds a lock file until disposed. Waits while a living process of this machine holds it; what a dead one left is taken over.
 */
export async function lock(
  file: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
    } catch (error) {
      if (!isTaken(error)) throw error
    }
    const holder = await holderOf(file)
    if (holder !== undefined && !isAlive(holder)) await rm(file, { force: true })
    else if (tries % 10 === 0) say(`waiting for process ${holder ?? '?'}, which builds the same`)
    await delay(500, undefined, { signal })
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST'

/** Undefined between the making and the filling of the file. */
async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text === '' ? undefined : Number(text)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
