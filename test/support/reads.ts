import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import type { ControlPlane } from '../control-plane/start.ts'

/** One read of a metric through the API server: what came back, and when (epoch ms) it was asked and answered. */
export interface Read {
  readonly asked: number
  readonly answered: number
  /** 0 where the connection failed. */
  readonly code: number
  readonly body: string
}

/** Reads a metric over and over, as an HPA controller with many workers does, until it is disposed of. */
export interface Reads extends AsyncDisposable {
  /** All that were answered so far. */
  readonly all: readonly Read[]
}

export async function readAllTheTime(
  plane: ControlPlane,
  scaledObject: string,
  everyMs: number,
): Promise<Reads> {
  const pair = await plane.pki.ca.issue('hpa-reader', ['system:masters'], [])
  const [ca, cert, key] = await Promise.all(
    [plane.pki.ca.cert, pair.cert, pair.key].map((file) => readFile(file)),
  )
  const agent = new Agent({ ca, cert, key, keepAlive: true })
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-prometheus?labelSelector=scaledobject.keda.sh%2Fname%3D${scaledObject}`
  const all: Read[] = []
  const underWay = new Set<Promise<void>>()

  const read = (): Promise<void> =>
    new Promise((resolve) => {
      const asked = Date.now()
      const end = (code: number, body: string): void => {
        all.push({ asked, answered: Date.now(), code, body })
        resolve()
      }
      const call = request(`${plane.server}${path}`, { agent, timeout: 30_000 }, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
        answer.on('end', () => end(answer.statusCode ?? 0, body))
        answer.on('error', (error) => end(0, String(error)))
      })
      call.on('timeout', () => call.destroy(new Error('no answer in 30 s')))
      call.on('error', (error) => end(0, String(error)))
      call.end()
    })

  const timer = setInterval(() => {
    const one = read().finally(() => underWay.delete(one))
    underWay.add(one)
  }, everyMs)
  return {
    all,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all(underWay)
      agent.destroy()
    },
  }
}
