import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { permitWithin } from '../endpoints.ts'
import { reasonOf } from '../errors.ts'
import { contextOf, type Outward } from '../http.ts'
import type { Log } from '../log.ts'

/** How often the folders of `--ca-dir` are read again (ms). */
const period = 60_000
/** The most of one file that is read, and the most files: a folder of authorities, not a disk. */
const most = { bytes: 1024 * 1024, files: 200 }

/**
 * What the configuration says of all connections to others. Certificates of `--ca-dir` are read once before this resolves
 * and then every minute until the signal aborts; what is opened later trusts the newest.
 */
export async function openOutward(
  config: Pick<
    Config,
    | 'allowedEndpoints'
    | 'caDir'
    | 'httpDisableKeepAlive'
    | 'httpMinTlsVersion'
    | 'httpTlsCipherList'
  >,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<Outward> {
  const { allowedEndpoints: endpoints } = config
  const within = endpoints && { endpoints, by: '--allowed-endpoints' }
  let trust: readonly string[] = []
  let context: SecureContext | undefined
  let told = ''
  const load = async (): Promise<void> => {
    const found = await Promise.all(config.caDir.map(certificatesIn))
    const problems = found.flatMap((each) => each.problems).join('; ')
    if (problems !== '' && problems !== told) log.warn({ problems }, '--ca-dir')
    told = problems
    const certificates = found.flatMap((each) => each.certificates)
    if (certificates.join() === trust.join()) return
    trust = certificates
    context = undefined
  }
  const repeat = async (): Promise<void> => {
    while (!signal.aborted) {
      // ended early by the abort alone, which the loop's condition answers
      await clock.sleep(period, signal).catch(() => undefined)
      if (!signal.aborted) await load()
    }
  }
  const tls = { minVersion: config.httpMinTlsVersion, ciphers: config.httpTlsCipherList }
  await load()
  void repeat()
  return {
    get trust() {
      return trust
    },
    context: () => (context ??= contextOf(trust, tls)),
    tls,
    keepAlive: !config.httpDisableKeepAlive,
    permit: (endpoint) => permitWithin(within, endpoint),
  }
}

interface Found {
  readonly certificates: readonly string[]
  readonly problems: readonly string[]
}

/** Every certificate in the files of a folder; one that is not there holds none. */
async function certificatesIn(folder: string): Promise<Found> {
  const certificates: string[] = []
  const problems: string[] = []
  let names: readonly string[]
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // a mounted ConfigMap's files are links
    names = entries.filter((e) => e.isFile() || e.isSymbolicLink()).map((e) => e.name)
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { certificates, problems: absent ? [] : [`${folder}: ${reasonOf(error)}`] }
  }
  for (const name of names.filter((each) => !each.startsWith('..')).slice(0, most.files)) {
    const file = join(folder, name)
    try {
      certificates.push(...pemIn(await readFile(file, 'utf8')))
    } catch (error) {
      problems.push(`${file} is not used: ${reasonOf(error)}`)
    }
  }
  return { certificates, problems }
}

function pemIn(text: string): readonly string[] {
  if (text.length > most.bytes) throw new TypeError('it is larger than 1 MiB')
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new TypeError('it holds no certificate (PEM)')
  for (const pem of found) void new X509Certificate(pem)
  return found
}
