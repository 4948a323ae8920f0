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

if (Number.parseInt(process.versions.node, 10) >= oldestNode) {
  keepCompiled()
  const { main } = await import('./cli/program.ts')
  await main(process.argv)
} else if (newerNode !== undefined) {
  hand(newerNode)
} else {
  console.error(`ebb: needs Node ${oldestNode} or newer; this is ${process.version}`)
  process.exitCode = 1
}
