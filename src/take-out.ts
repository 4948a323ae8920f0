/** Takes the item out of the list; false where it is not in it. */
export function takeOut<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}
