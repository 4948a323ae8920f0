import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { Resource } from '../../src/resources.ts'

export const root = fileURLToPath(new URL('../../manifests/', import.meta.url))

export interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

/** One object of manifests/, loosely typed: the tests look at what they know. */
export interface Manifest extends Resource {
  readonly kind: string
  readonly rules?: readonly Rule[]
  readonly spec?: Readonly<Record<string, unknown>>
  readonly resources?: readonly string[]
}

const parse = (file: string): Manifest[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((d): Manifest => d.toJS())

/** What `kubectl apply -k` takes, by the file it is in. */
export function installed(folder = root): ReadonlyMap<string, readonly Manifest[]> {
  const found = new Map<string, readonly Manifest[]>()
  const [kustomization] = parse(join(folder, 'kustomization.yaml'))
  for (const name of kustomization?.resources ?? []) {
    const path = join(folder, name)
    if (name.endsWith('.yaml')) found.set(relative(root, path), parse(path))
    else for (const [file, objects] of installed(path)) found.set(file, objects)
  }
  return found
}

/** What is applied by itself, where it is wanted. */
export const optional = 'deletion-cost'

/** Every file that could be named by a kustomization of a folder that one names. */
export const present = (): readonly string[] =>
  globSync('**/*.yaml', { cwd: root })
    .filter((f) => basename(f) !== 'kustomization.yaml' && dirname(f) !== 'examples')
    .sort()
