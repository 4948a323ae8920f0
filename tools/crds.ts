/** Writes manifests/crds/ from src/crds/: `node tools/crds.ts [--check]`. With --check it writes nothing and fails where a file is stale. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { crds } from '../src/crds/crds.ts'

const folder = fileURLToPath(new URL('../manifests/crds/', import.meta.url))
const head = '# Generated from src/crds/ by `node tools/crds.ts`; do not edit.\n'

/** Every file of manifests/crds/ with what belongs in it. */
export function files(): ReadonlyMap<string, string> {
  const made = crds().map((crd): [string, string] => [`${crd.spec.names.plural}.yaml`, print(crd)])
  const resources = made.map(([name]) => name)
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources,
  }
  return new Map([...made, ['kustomization.yaml', print(kustomization)]])
}

/** The names of the files that are not as they belong, be they changed, missing or left over. */
export async function stale(): Promise<readonly string[]> {
  const wanted = files()
  const found = await readdir(folder).catch((): string[] => [])
  const wrong = await Promise.all(
    [...wanted].map(async ([name, text]) => {
      const is = await readFile(join(folder, name), 'utf8').catch(() => undefined)
      return is === text ? [] : [name]
    }),
  )
  return [...wrong.flat(), ...found.filter((name) => !wanted.has(name))]
}

const print = (object: object): string =>
  head + stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })

async function write(): Promise<void> {
  const wanted = files()
  await mkdir(folder, { recursive: true })
  for (const name of await stale()) {
    const text = wanted.get(name)
    if (text === undefined) await rm(join(folder, name))
    else await writeFile(join(folder, name), text)
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const wrong = await stale()
    if (wrong.length > 0) {
      console.error(`manifests/crds is stale (${wrong.join(', ')}): run \`node tools/crds.ts\``)
      process.exitCode = 1
    }
  } else await write()
}
