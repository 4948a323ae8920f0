import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** One file of the page, held in memory: there are four and they are small. */
export interface Asset {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

const files = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/app.js', file: 'app.js', type: 'text/javascript; charset=utf-8' },
  { path: '/app.css', file: 'app.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
] as const

/** Where the page is: beside the bundle, or, when run from the sources, where the build put it. */
const places = ['./page/', '../../../dist/page/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

async function load(folder: string): Promise<readonly Asset[]> {
  return Promise.all(
    files.map(async ({ path, file, type }) => {
      const body = await readFile(`${folder}/${file}`)
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
      return { path, type, body, etag }
    }),
  )
}

/** The built page from `folder`, or from the first place that has all of it. Empty where it was never built. */
export async function assets(folder: string | undefined): Promise<readonly Asset[]> {
  for (const place of folder === undefined ? places : [folder]) {
    const found = await load(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (found) return found
  }
  return []
}
