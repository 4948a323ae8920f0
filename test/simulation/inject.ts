import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { defects, type Defect } from './defects.ts'

export function defectOf(name: string): Defect {
  const found = defects.find((defect) => defect.name === name)
  if (!found)
    throw new Error(`no defect "${name}"; there are: ${defects.map((d) => d.name).join(', ')}`)
  return found
}

/** From here on the defect is in whatever loads its file; nothing that is loaded already changes. */
export function inject(defect: Defect): void {
  const url = new URL(`../../${defect.file}`, import.meta.url).href
  registerHooks({
    load(address, context, next) {
      const loaded = next(address, context)
      if (address !== url) return loaded
      return { ...loaded, source: broken(readFileSync(new URL(url), 'utf8'), defect) }
    },
  })
}

/** The text with the defect in it; fails where the line has changed, so that the list is kept true. */
export function broken(text: string, { name, file, find, replace }: Defect): string {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(
      `the defect "${name}" finds its line ${parts.length - 1} times in ${file}, not once`,
    )
  return parts.join(replace)
}
