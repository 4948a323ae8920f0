/**
 * Loaded before a program that stands in for a pod's where nobody may mount: what it reads below the paths of `POD_MOUNTS`
 * (with `:` between) it reads below `POD_ROOT`.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

const root = process.env['POD_ROOT'] ?? ''
const mounts = (process.env['POD_MOUNTS'] ?? '').split(':').filter(Boolean)

const placed = (path: unknown): unknown =>
  typeof path === 'string' && mounts.some((at) => path === at || path.startsWith(`${at}/`))
    ? join(root, path)
    : path

type Reader = (path: unknown, ...more: unknown[]) => unknown

function redirect(module: object, names: readonly string[]): void {
  // a module of Node is an object of functions, which may be replaced
  const functions = module as Record<string, Reader>
  for (const name of names) {
    const read = functions[name]
    if (read) functions[name] = (path, ...more) => read.call(module, placed(path), ...more)
  }
}

redirect(fs, ['existsSync', 'readFileSync', 'readdirSync', 'statSync', 'readFile', 'stat'])
redirect(fs.promises, ['readFile', 'readdir', 'stat', 'access', 'open'])
syncBuiltinESMExports()
