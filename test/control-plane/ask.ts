import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { Pair } from './pki.ts'

/** The body of a GET, or undefined where there is no answer or not a 200. */
export async function asker(
  server: string,
  caFile: string,
  who: Pair,
): Promise<(path: string) => Promise<string | undefined>> {
  const [ca, cert, key] = await Promise.all([
    readFile(caFile),
    readFile(who.cert),
    readFile(who.key),
  ])
  return (path) =>
    new Promise((resolve) => {
      const call = request(
        `${server}${path}`,
        { ca, cert, key, agent: false, timeout: 5000 },
        (answer) => {
          let body = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => (body += chunk))
          answer.on('end', () => resolve(answer.statusCode === 200 ? body : undefined))
          answer.on('error', () => resolve(undefined))
        },
      )
      call.on('timeout', () => call.destroy())
      call.on('error', () => resolve(undefined))
      call.end()
    })
}
