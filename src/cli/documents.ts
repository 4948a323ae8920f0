import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  type ScalarTag,
} from 'yaml'
import { type Path, shown } from '../admission/problem.ts'
import { reasonOf } from '../errors.ts'
import type { Source } from './sources.ts'

/** One object of a file, and where its fields are. */
export interface Placed {
  readonly file: string
  readonly value: unknown
  /** The line of a field, or of the nearest thing around it that is written. */
  lineOf(path: Path): number
}

/** A file, or a part of it, that is no YAML. */
export interface Broken {
  readonly file: string
  readonly line: number
  readonly why: string
}

/** kubectl reads these words as true and false, so an unquoted one is no text. */
const words: ScalarTag = {
  identify: (value) => typeof value === 'boolean',
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text) => new Scalar(/^(y|on)/i.test(text)),
}

/**
 * Every object of a file, those in Lists too. Bounded: the text is, aliases are, and what nests deeper than anybody writes is
 * refused in words.
 */
export function readDocuments({ file, text }: Source): {
  readonly placed: readonly Placed[]
  readonly broken: readonly Broken[]
} {
  const lines = new LineCounter()
  const placed: Placed[] = []
  const broken: Broken[] = []
  const fail = (offset: number | undefined, why: string): void => {
    broken.push({ file, line: lines.linePos(offset ?? 0).line || 1, why: shown(why, 200) })
  }
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      merge: true,
      // done below: the parser compares each key with all before it
      uniqueKeys: false,
      customTags: (tags) => [words, ...tags],
    })
    if (Array.isArray(documents))
      for (const document of documents) placed.push(...readDocument(document, file, lines, fail))
  } catch (error) {
    if (error instanceof RangeError) fail(0, 'it is nested too deeply')
    else fail(0, reasonOf(error))
  }
  return { placed, broken }
}

function readDocument(
  document: Document,
  file: string,
  lines: LineCounter,
  fail: (offset: number | undefined, why: string) => void,
): readonly Placed[] {
  const [error] = document.errors
  if (error) {
    fail(error.pos[0], error.message.split(/ at line \d+|\n/)[0] ?? 'it is no YAML')
    return []
  }
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return []
  if (!isMap(root)) {
    fail(root.range?.[0], 'this is no Kubernetes object')
    return []
  }
  for (const [offset, key] of doubles(root))
    fail(offset, `the field ${shown(key)} is written twice`)
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return unpack(value, []).map(({ value: one, path }) => ({
      file,
      value: one,
      lineOf: (field) => lines.linePos(offsetOf(root, [...path, ...field], document)).line,
    }))
  } catch (error) {
    if (error instanceof RangeError) throw error
    fail(root.range?.[0], reasonOf(error))
    return []
  }
}

/** The objects in a List, or the object itself. */
function unpack(value: unknown, path: Path): readonly { value: unknown; path: Path }[] {
  const isList =
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    value.kind.endsWith('List') &&
    'items' in value &&
    Array.isArray(value.items)
  if (!isList) return [{ value, path }]
  // both were looked at above
  const items = (value as { readonly items: readonly unknown[] }).items
  return items.flatMap((item, at) => unpack(item, [...path, 'items', at]))
}

function offsetOf(root: Node, path: Path, document: Document): number {
  let node: unknown = root
  let offset = root.range?.[0] ?? 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) return offset
      // found by being one
      offset = (pair.key as Scalar).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}

/** Keys that a map has twice, with where the second stands. */
function* doubles(node: unknown): Generator<readonly [offset: number | undefined, key: string]> {
  if (isSeq(node)) for (const item of node.items) yield* doubles(item)
  if (!isMap(node)) return
  const seen = new Set<string>()
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : undefined
    // `<<` may stand there several times
    if (name !== undefined && name !== '<<' && seen.has(name))
      yield [isScalar(key) ? key.range?.[0] : undefined, name]
    if (name !== undefined) seen.add(name)
    yield* doubles(value)
  }
}
