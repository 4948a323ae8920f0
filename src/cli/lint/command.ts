import { Command } from 'commander'
import type { Finding } from './lint.ts'

interface Given {
  readonly json?: boolean
}

/** So many lines say enough. */
const most = 1_000

async function run(paths: readonly string[], given: Given): Promise<void> {
  const [{ readSources }, { readDocuments }, { lint }, { describe, describedTypes }] =
    await Promise.all([
      import('../sources.ts'),
      import('../documents.ts'),
      import('./lint.ts'),
      import('../../registry.ts'),
    ])
  const { sources, unreadable } = await readSources(paths)
  const read = sources.map(readDocuments)
  const broken = read.flatMap((one) => one.broken)
  const placed = read.flatMap((one) => one.placed)
  const findings: Finding[] = [
    ...broken.map(({ file, line, why }): Finding => ({
      file,
      line,
      kind: '',
      name: '',
      field: 'YAML',
      weight: 'refused',
      rule: 'structure',
      message: why,
    })),
    ...(await lint(placed, { load: describe, types: describedTypes })),
  ]
  const inOrder = inFileOrder(
    findings,
    sources.map(({ file }) => file),
  ).slice(0, most)
  if (given.json) console.log(JSON.stringify(inOrder, undefined, 2))
  else for (const one of inOrder) console.log(lineOf(one))
  for (const { message } of unreadable) console.error(`ebb: ${message}`)
  if (findings.length > most) console.error(`ebb: and ${findings.length - most} more`)
  if (findings.length + unreadable.length === 0)
    console.error(`ebb: ${placed.length} objects, nothing to complain of`)
  process.exitCode = codeOf(findings, unreadable)
}

const codeOf = (findings: readonly Finding[], unreadable: readonly unknown[]): number => {
  if (unreadable.length > 0) return 2
  return findings.some(({ weight }) => weight !== 'warning') ? 1 : 0
}

const inFileOrder = (
  findings: readonly Finding[],
  files: readonly string[],
): readonly Finding[] => {
  const place = new Map(files.map((file, at) => [file, at]))
  return findings.toSorted(
    (a, b) => (place.get(a.file) ?? 0) - (place.get(b.file) ?? 0) || a.line - b.line,
  )
}

/** Names of files may hold anything; what is printed is one line. */
const lineOf = ({ file, line, field, weight, message }: Finding): string =>
  `${file.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD')}:${line}: ${field}: ${weight === 'warning' ? 'warning: ' : ''}${message}`

/** `ebb lint`: checks manifests by the rules of the webhooks, without a cluster. */
export const lintCommand = (): Command =>
  new Command('lint')
    .description(
      'check manifests without a cluster: exit 0 when they are good, 1 with file:line: field: problem, 2 when a file cannot be read',
    )
    .argument(
      '<files...>',
      'YAML or JSON files, folders of them, or - for stdin; they see each other',
    )
    .option('--json', 'print what is found as JSON, for programs')
    .action((files: readonly string[], given: Given) => run(files, given))
