/**
 * Builds what is shipped: `dist/ebb.js` with its lazily loaded parts beside it, and the page in `dist/page/`.
 * Silent unless it fails. Files that did not change are not written, so a running Ebb and its compile cache survive.
 */
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { lean } from './lean.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Dependencies written as CommonJS ask for these, which ES modules do not have. */
const shims = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __fileURLToPath } from 'node:url'",
  "import { dirname as __dirnameOf } from 'node:path'",
  'const require = __createRequire(import.meta.url)',
  'const __filename = __fileURLToPath(import.meta.url)',
  'const __dirname = __dirnameOf(__filename)',
].join(';')

const common = {
  bundle: true,
  write: false,
  legalComments: 'none',
  logLevel: 'silent',
  absWorkingDir: root,
} satisfies esbuild.BuildOptions

/** The program. The entry is small on purpose: all else is loaded once the entry has looked at the Node it runs on. */
const program = (out: string): Promise<esbuild.BuildResult<{ write: false }>> =>
  esbuild.build({
    ...common,
    entryPoints: { ebb: 'src/main.ts' },
    outdir: out,
    format: 'esm',
    platform: 'node',
    // ES modules where a package has both: their named exports survive a lazy import, and what is unused is left out.
    mainFields: ['module', 'main'],
    target: 'node24',
    splitting: true,
    minifySyntax: true,
    // Comments too: one letter outside Latin-1 in them doubles what the engine keeps of a whole file.
    minifyWhitespace: true,
    banner: { js: shims },
    plugins: lean,
    // Optional native parts of dependencies, which do without.
    external: ['pg-native', 'bufferutil', 'utf-8-validate'],
  })

/** The page, for browsers of the last years. */
export const page = (out: string): Promise<esbuild.BuildResult<{ write: false }>> =>
  esbuild.build({
    ...common,
    entryPoints: {
      app: 'src/serve/dashboard/page/main.tsx',
      index: 'src/serve/dashboard/page/index.html',
      icon: 'src/serve/dashboard/page/icon.svg',
    },
    outdir: out,
    format: 'esm',
    platform: 'browser',
    target: ['es2022'],
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.html': 'copy', '.svg': 'copy' },
  })

const readOrNothing = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

/** Writes the files that differ and removes those that no build makes any more. Returns whether anything changed. */
async function settle(out: string, files: readonly esbuild.OutputFile[]): Promise<boolean> {
  let changed = false
  for (const file of files) {
    const there = await readOrNothing(file.path)
    if (there?.equals(file.contents)) continue
    await mkdir(dirname(file.path), { recursive: true })
    await writeFile(file.path, file.contents)
    changed = true
  }
  const wanted = new Set(files.map((file) => relative(out, file.path)))
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(out, path)
    if (entry.isDirectory() || name.startsWith('.cache') || wanted.has(name)) continue
    await rm(path, { force: true })
    changed = true
  }
  return changed
}

/** Makes `out` hold exactly what the sources say. */
export async function build(out: string): Promise<void> {
  await mkdir(out, { recursive: true })
  const built = await Promise.all([program(out), page(join(out, 'page'))])
  const changed = await settle(
    out,
    built.flatMap((result) => result.outputFiles),
  )
  if (changed) await rm(join(out, '.cache'), { recursive: true, force: true })
  await chmod(join(out, 'ebb.js'), 0o755)
}

/** One line per problem, in the form editors find: file:line:column. */
function complain(error: unknown): void {
  const problems = (error as Partial<esbuild.BuildFailure>).errors
  if (!problems) throw error
  for (const { text, location } of problems) {
    const where = location ? `${location.file}:${location.line}:${location.column + 1}: ` : ''
    console.error(`${where}${text}`)
  }
  process.exitCode = 1
}

if (import.meta.main) await build(join(root, 'dist')).catch(complain)
