import { readFileSync } from 'node:fs'
import type { SecureVersion } from 'node:tls'
import { failure } from './errors.ts'
import type { TlsLimits } from './http.ts'
import { options, type Option, type Options } from './options.ts'

/** The options with what depends on where Ebb runs filled in. */
export interface Config extends Omit<
  Options,
  | 'namespace'
  | 'clusterObjectNamespace'
  | 'bind'
  | 'shutdownDelay'
  | 'httpMinTlsVersion'
  | 'serviceMinTlsVersion'
  | 'serviceTlsCipherList'
> {
  readonly namespace: string
  readonly clusterObjectNamespace: string
  readonly bind: string
  /** How long (ms) it still answers when asked to end. */
  readonly shutdownDelay: number
  readonly httpMinTlsVersion: SecureVersion
  /** How those who ask Ebb may speak to it. */
  readonly serviceTls: TlsLimits
}

/** What was given on the command line, by option name; true for a switch. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>
type Environment = Readonly<Record<string, string | undefined>>

/** Where the kubelet puts the namespace of a pod. */
const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * Flags first, then EBB_ variables, then KEDA's, then the default. Fails with CONFIG_INVALID, naming each value that is
 * wrong and where it came from.
 */
export function configOf(flags: Flags, env: Environment): Config {
  const chosen = readOptions(flags, env)
  const pod = podNamespace()
  const namespace = chosen.namespace ?? pod ?? 'ebb'
  return {
    ...chosen,
    namespace,
    clusterObjectNamespace: chosen.clusterObjectNamespace ?? namespace,
    httpMinTlsVersion: chosen.httpMinTlsVersion ?? 'TLSv1.2',
    serviceTls: served(chosen),
    shutdownDelay: chosen.shutdownDelay ?? (pod === undefined ? 0 : 5_000),
    bind: chosen.bind ?? (pod === undefined ? '127.0.0.1' : '0.0.0.0'),
  }
}

/** As in KEDA, what holds for sources holds for serving unless told otherwise; but nobody needs to be served below TLS 1.2. */
function served(chosen: Options): TlsLimits {
  const wanted = chosen.serviceMinTlsVersion ?? chosen.httpMinTlsVersion
  return {
    minVersion: wanted === 'TLSv1.3' ? wanted : 'TLSv1.2',
    ciphers: chosen.serviceTlsCipherList ?? chosen.httpTlsCipherList,
  }
}

function readOptions(flags: Flags, env: Environment): Options {
  const problems: string[] = []
  const parsed: Record<string, unknown> = {}
  for (const [name, o] of Object.entries<Option<unknown>>(options)) {
    const given = giveOf(name, o, flags, env)
    const result = o.parse.safeParse(given?.value)
    if (result.success) parsed[name] = result.data
    else
      problems.push(`${given?.from ?? o.flag} ${result.error.issues[0]?.message ?? 'is invalid'}`)
  }
  if ((parsed['tlsCertFile'] === undefined) !== (parsed['tlsPrivateKeyFile'] === undefined))
    problems.push('--tls-cert-file and --tls-private-key-file go together')
  if (problems.length > 0) throw failure('CONFIG_INVALID', { problems })
  // each key was set to what its own option parsed
  return parsed as Options
}

/** Of KEDA's variables, by how they begin, those that mean nothing here (docs/departures.md). */
const meaningless = [
  'KEDA_SCALEDOBJECT_CTRL_MAX_RECONCILES',
  'KEDA_SCALEDJOB_CTRL_MAX_RECONCILES',
  'WATCH_LABEL_SELECTOR_FOR_TRIGGERAUTH',
  'RAW_METRICS_',
  'OTEL_',
]

/** Variables that are set in the belief that they do something. */
export const unheeded = (env: Environment): readonly string[] =>
  Object.keys(env)
    .filter((name) => env[name] !== '' && meaningless.some((start) => name.startsWith(start)))
    .toSorted()

function giveOf(
  name: string,
  o: Option<unknown>,
  flags: Flags,
  env: Environment,
): { readonly value: string; readonly from: string } | undefined {
  const given = flags[name]
  if (given !== undefined) return { value: given === true ? '' : String(given), from: o.flag }
  for (const variable of [o.env, o.kedaEnv]) {
    const value = variable === undefined ? undefined : env[variable]
    if (variable !== undefined && value !== undefined && value !== '')
      return { value, from: variable }
  }
  return undefined
}

function podNamespace(): string | undefined {
  try {
    return readFileSync(namespaceFile, 'utf8').trim() || undefined
  } catch {
    // not in a pod
    return undefined
  }
}
