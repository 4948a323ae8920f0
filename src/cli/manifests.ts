import * as z from 'zod'
import { failure } from '../errors.ts'
import type { Resource } from '../resources.ts'
import { type Placed, readDocuments } from './documents.ts'
import { readSources } from './sources.ts'

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

type Found = Manifest | { readonly problem: string }

function check(placed: Placed): readonly Found[] {
  const where = `${placed.file}:${placed.lineOf([])}`
  const parsed = objectShape.safeParse(placed.value)
  // the shape was checked; what the kind asks for beyond it is the cluster's to say
  if (parsed.success) return [{ object: parsed.data as unknown as Manifest['object'], where }]
  return parsed.error.issues.map((issue) => ({
    problem: `${where}: ${[issue.path.join('.') || 'the document', issue.message].join(' ')}`,
  }))
}

/**
 * Every object of the YAML or JSON files, in their order, and of those in folders; `-` is standard input. Fails with
 * FILE_UNREADABLE, or with MANIFEST_INVALID naming file and line of every problem at once.
 */
export async function readManifests(files: readonly string[]): Promise<readonly Manifest[]> {
  const { sources, unreadable } = await readSources(files)
  if (unreadable[0]) throw unreadable[0]
  const found = sources.flatMap((source): readonly Found[] => {
    const { placed, broken } = readDocuments(source)
    const wrong = broken.map(({ file, line, why }) => ({ problem: `${file}:${line}: ${why}` }))
    return [...wrong, ...placed.flatMap(check)]
  })
  const problems = found.flatMap((one) => ('problem' in one ? [one.problem] : []))
  if (problems.length > 0) throw failure('MANIFEST_INVALID', { problems })
  const manifests = found.flatMap((one) => ('object' in one ? [one] : []))
  if (manifests.length === 0) {
    throw failure('MANIFEST_INVALID', { problems: [`${files.join(', ')}: no object in it`] })
  }
  return manifests
}
