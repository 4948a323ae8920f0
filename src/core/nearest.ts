/** No name that users mean is longer, and the work stays small. */
const longest = 64

/** Of the words the one that `text` most likely was meant to be; undefined where none is near. Case does not count. */
export function nearest(text: string, words: Iterable<string>): string | undefined {
  if (text.length > longest) return undefined
  const wanted = text.toLowerCase()
  // a third of the letters may be wrong, and one at least
  let best = Math.max(1, Math.floor(text.length / 3)) + 1
  let found: string | undefined
  for (const word of words) {
    if (word.length > longest || Math.abs(word.length - text.length) >= best) continue
    const far = distance(wanted, word.toLowerCase())
    if (far >= best) continue
    best = far
    found = word
  }
  return found
}

/** How many letters must be added, left out, changed or swapped with the next. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : change
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
