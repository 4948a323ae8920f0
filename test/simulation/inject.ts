import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { defects, type Change, type Defect } from './defects.ts'

export function defectOf(name: string): Defect {
  const found = defects.find((defect) => defect.name === name)
  if (!found)
    throw new Error(`no defect "${name}"; there are: ${defects.map((d) => d.name).join(', ')}`)
  return found
}

/** From here on the defect is in whatever loads its files; nothing that is loaded already changes. */
export function inject(defect: Defect): void {
  const changes = [defect, ...(defect.also ? [defect.also] : [])].map((change) => ({
    change,
    url: new URL(`../../${change.file}`, import.meta.url).href,
  }))
  registerHooks({
    load(address, context, next) {
      const loaded = next(address, context)
      const here = changes.filter(({ url }) => url === address)
      if (here.length === 0) return loaded
      const text = readFileSync(new URL(address), 'utf8')
      const source = here.reduce((now, { change }) => broken(now, defect.name, change), text)
      return { ...loaded, source }
    },
  })
}

/** The text with the change in it; fails where the line has changed, so that the list is kept true. */
export function broken(text: string, name: string, { file, find, replace }: Change): string {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(
      `the defect "${name}" finds its line ${parts.length - 1} times in ${file}, not once`,
    )
  return parts.join(replace)
}
