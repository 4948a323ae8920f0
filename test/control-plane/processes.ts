import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Waits for the end of its input, which comes with the end of this process however it dies; then ends all and removes the folder. */
const keeper = `read -r _
for f in "$1"/*.pid; do kill -KILL "$(cat "$f")" 2>/dev/null; done
n=0
while [ -e "$1" ] && [ $n -lt 100 ]; do rm -rf "$1" 2>/dev/null || sleep 0.1; n=$((n+1)); done`

/** Long-running programs with one folder for all they write. */
export interface Processes {
  readonly folder: string
  start(name: string, file: string, args: readonly string[]): Running
  /** Kills every program and removes the folder. The same happens when this process dies. */
  close(): Promise<void>
}

export interface Running {
  readonly name: string
  /** True from its end on. */
  readonly ended: boolean
  /** The end of what it has written. */
  lastWords(): Promise<string>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Nothing started here keeps this process alive, outlives it, or gets its Ctrl-C. */
export async function processes(): Promise<Processes> {
  const folder = await mkdtemp(join(tmpdir(), 'ebb-control-plane-'))
  const guard = spawn('sh', ['-c', keeper, 'keeper', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const closed = new Promise<void>((resolve) => guard.once('exit', () => resolve()))
  guard.unref()
  const { stdin } = guard
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return {
    folder,
    start: (name, file, args) => run(folder, name, file, args),
    close: async () => {
      guard.ref()
      stdin.end()
      await closed
    },
  }
}

/** The shell notes its own id before it becomes the program, so there is no moment at which the keeper does not know it. */
function run(folder: string, name: string, file: string, args: readonly string[]): Running {
  const pidFile = join(folder, `${name}.pid`)
  const logFile = join(folder, `${name}.log`)
  const log = openSync(logFile, 'a')
  const child = spawn('sh', ['-c', 'echo $$ >"$0"; exec "$@"', pidFile, file, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  let ended = false
  const end = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true
      void rm(pidFile, { force: true }).then(resolve)
    })
  })
  return {
    name,
    get ended() {
      return ended
    },
    lastWords: async () =>
      (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n'),
    async kill(signal) {
      if (ended) return
      child.ref()
      child.kill(signal)
      await end
    },
  }
}
