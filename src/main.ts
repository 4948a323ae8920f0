#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as modules from 'node:module'
import { fileURLToPath } from 'node:url'

// This file must load on every Node there is: it imports nothing of Ebb before it has looked at the version.

const oldestNode = 24

/** A newer Node that npm installed with Ebb: in the checkout, or beside Ebb as somebody's dependency. */
const newerNode = ['../node_modules/.bin/node', '../../.bin/node']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path))

/** Runs the same command on `node` and ends as it ends. Signals sent to this process reach that one. */
function hand(node: string): void {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 1)
  })
}

/** The bundle keeps its compiled form beside itself; where it cannot write there, it does without. */
function keepCompiled(): void {
  if (!import.meta.url.endsWith('.js')) return
  modules.enableCompileCache(fileURLToPath(new URL('./.cache', import.meta.url)))
}

/** For glibc's malloc; others do not look at it. Sizes in bytes. */
const thrift = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_MMAP_THRESHOLD_: '65536',
}

/**
 * The controller lives for months on little memory: a small young generation, a heap that is collected before it has grown by
 * much, and a malloc that gives back what it does not need halve what is resident. V8 makes objects old at once where those of
 * their kind lived long before, as they did while a thousand workloads came at once; each of them would then keep the parts of
 * its poll until the next full collection. They can only be set when a process starts, so it starts once more, as itself: same
 * process id, no parent. What somebody else has set stays.
 */
function frugally(): void {
  const flag = '--max-semi-space-size'
  const given = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`
  if (process.argv[2] !== 'run' || !process.execve || given.includes(flag)) return
  const frugal = [`${flag}=1`, '--heap-growing-percent=10', '--no-allocation-site-pretenuring']
  const flags = [...frugal, ...process.execArgv]
  const args = [process.execPath, ...flags, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...thrift, ...process.env })
}

if (Number.parseInt(process.versions.node, 10) >= oldestNode) {
  frugally()
  keepCompiled()
  // until the program listens itself: the first process of a container is not ended by a signal that nobody listens to
  const end = (): void => process.exit()
  if (process.argv[2] === 'run') process.on('SIGTERM', end)
  const { main } = await import('./cli/program.ts')
  const running = main(process.argv)
  process.off('SIGTERM', end)
  await running
} else if (newerNode !== undefined) {
  hand(newerNode)
} else {
  console.error(`ebb: needs Node ${oldestNode} or newer; this is ${process.version}`)
  process.exitCode = 1
}
