import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { failure, reasonOf } from '../errors.ts'
import type { Resource } from '../resources.ts'

/** One object of a file, with where it stands there, for messages. */
export interface Manifest {
  readonly object: Resource & { readonly apiVersion: string; readonly kind: string }
  /** `file:line` of its first line. */
  readonly where: string
}

const labels = z.record(z.string(), z.string())
const objectShape = z.looseObject({
  apiVersion: z.string('is missing'),
  kind: z.string('is missing'),
  metadata: z.looseObject(
    {
      name: z.string('is missing'),
      namespace: z.string().optional(),
      labels: labels.optional(),
      annotations: labels.optional(),
    },
    'is missing',
  ),
})
const listShape = z.looseObject({ kind: z.literal('List'), items: z.array(z.unknown()) })

const limit = 4 * 1024 * 1024

async function load(file: string): Promise<string> {
  try {
    const text = await (file === '-' ? readAll(process.stdin) : readFile(file, 'utf8'))
    if (text.length <= limit) return text
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? sayCode(error.code) : undefined
    throw failure('FILE_UNREADABLE', { file, why: why ?? reasonOf(error) }, error)
  }
  throw failure('FILE_UNREADABLE', { file, why: 'it is larger than 4 MiB' })
}

const sayCode = (code: unknown): string | undefined =>
  typeof code === 'string' && code in codes ? codes[code] : undefined

const codes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
}

type Found = Manifest | { readonly problem: string }

function check(value: unknown, where: string): readonly Found[] {
  const list = listShape.safeParse(value)
  if (list.success) return list.data.items.flatMap((item) => check(item, where))
  const parsed = objectShape.safeParse(value)
  // the shape was checked; what the kind asks for beyond it is the cluster's to say
  if (parsed.success) return [{ object: parsed.data as unknown as Manifest['object'], where }]
  return parsed.error.issues.map((issue) => ({
    problem: `${where}: ${[issue.path.join('.') || 'the document', issue.message].join(' ')}`,
  }))
}

function readDocument(document: Document, file: string, lines: LineCounter): readonly Found[] {
  const lineAt = (offset: number | undefined): string =>
    `${file}:${lines.linePos(offset ?? 0).line}`
  const broken = document.errors.map((error) => ({
    problem: `${lineAt(error.pos[0])}: ${error.message.split(/ at line \d+|\n/)[0]}`,
  }))
  if (broken.length > 0) return broken
  const value = document.contents
  if (value === null || (isScalar(value) && value.value === null)) return []
  const where = lineAt(value.range?.[0])
  if (!isMap(value)) return [{ problem: `${where}: this is no Kubernetes object` }]
  try {
    return check(document.toJS({ maxAliasCount: 100 }), where)
  } catch (error) {
    // aliases that point nowhere or grow without bound
    return [{ problem: `${where}: ${reasonOf(error)}` }]
  }
}

function parse(text: string, file: string): readonly Found[] {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter, merge: true })
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document) => readDocument(document, file, lineCounter))
}

/**
 * Every object of the YAML or JSON files, in their order; `-` is standard input. Fails with FILE_UNREADABLE, or with
 * MANIFEST_INVALID naming file and line of every problem at once.
 */
export async function readManifests(files: readonly string[]): Promise<readonly Manifest[]> {
  const found: Found[] = []
  for (const file of files) found.push(...parse(await load(file), file === '-' ? 'stdin' : file))
  const problems = found.flatMap((one) => ('problem' in one ? [one.problem] : []))
  if (problems.length > 0) throw failure('MANIFEST_INVALID', { problems })
  const manifests = found.flatMap((one) => ('object' in one ? [one] : []))
  if (manifests.length === 0) {
    throw failure('MANIFEST_INVALID', { problems: [`${files.join(', ')}: no object in it`] })
  }
  return manifests
}
