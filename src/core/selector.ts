type Labels = Readonly<Record<string, unknown>>
type Matcher = (labels: Labels) => boolean

const requirement =
  /^(?:!\s*(?<none>[\w./-]+)|(?<key>[\w./-]+)(?:\s*(?<sign>==|!=|=)\s*(?<value>[\w.-]*)|\s*(?<than>[<>])\s*(?<bound>-?\d+)|\s+(?<word>in|notin)\s*\((?<set>[^()]*)\))?)$/

/**
 * Reads a label selector in the text form of the API (`a=b,c!=d,e in (f,g),h,!i,j>1`); '' matches everything. Gives the part
 * that cannot be read where there is one.
 */
export function labelSelector(text: string): Matcher | { readonly unreadable: string } {
  const tests: Matcher[] = []
  for (const part of requirements(text)) {
    const groups = requirement.exec(part)?.groups
    if (!groups) return { unreadable: part }
    tests.push(labelTest(groups))
  }
  return (labels) => tests.every((test) => test(labels))
}

function labelTest(groups: Readonly<Record<string, string | undefined>>): Matcher {
  const { none, key = '', sign, value = '', than, bound, word, set = '' } = groups
  const has = (labels: Labels): boolean => Object.hasOwn(labels, key)
  if (none !== undefined) return (labels) => !Object.hasOwn(labels, none)
  if (than !== undefined)
    return (labels) =>
      has(labels) && Number(labels[key]) * sense(than) > Number(bound) * sense(than)
  if (sign === undefined && word === undefined) return has
  const values = word === undefined ? [value] : set.split(',').map((item) => item.trim())
  const among: Matcher = (labels) => has(labels) && values.includes(String(labels[key]))
  return sign === '!=' || word === 'notin' ? (labels) => !among(labels) : among
}

const sense = (than: string): 1 | -1 => (than === '>' ? 1 : -1)

/** Splits at the commas that are not inside parentheses; in one pass, since the text is anybody's. */
export function requirements(text: string): readonly string[] {
  const parts: string[] = []
  let inside = false
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (mark === '(') inside = true
    else if (mark === ')') inside = false
    else if (mark === ',' && !inside) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter((part) => part !== '')
}
