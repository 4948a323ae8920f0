/**
 * The text without the marks it ends with. A pattern for that looks from every mark to the end of its run, which takes
 * forever where there are many and the text is anybody's.
 */
export function withoutLast(text: string, mark: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === mark) end--
  return text.slice(0, end)
}
