import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { openSslCiphers } from './ciphers.ts'
import { parseEndpoints } from './endpoints.ts'
import { logLevels } from './log.ts'

const hour = 3_600_000

/** One setting of `ebb run`: a flag, its own variable, and KEDA's variable where that means the same. */
export interface Option<T> {
  readonly flag: string
  /** What follows the flag in help; none for switches. */
  readonly value?: string
  readonly env: string
  readonly kedaEnv?: string
  readonly doc: string
  /** May be given several times, which is the same as one list with commas. */
  readonly several?: true
  readonly parse: z.ZodType<T, string | undefined>
}

const option = <T>(o: Option<T>): Option<T> => o

const port = (fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .refine((n) => n <= 65_535, 'must be a port number')
    .optional()
    .transform((n) => n ?? fallback)

const text = (fallback: string): z.ZodType<string, string | undefined> =>
  z.string().default(fallback)
const optionalText = z
  .string()
  .optional()
  .transform((s) => (s === '' ? undefined : s))

/** A switch is on when given without a value; in a variable it is Go's ParseBool, as KEDA reads it. */
const flag = z
  .enum(['', '1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'], {
    error: 'must be true or false',
  })
  .optional()
  .transform((s) => s !== undefined && !/^(0|f)/i.test(s))

/** `30s`, `1m30s`, `500ms`; a bare number is milliseconds. */
const duration = (fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .optional()
    .transform((s, ctx) => {
      if (s === undefined || s === '') return fallback
      const ms = parseDuration(s)
      if (ms === undefined) ctx.addIssue({ code: 'custom', message: 'must be a duration like 15s' })
      return ms ?? fallback
    })

const optionalDuration = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s === '') return undefined
    const ms = parseDuration(s)
    if (ms === undefined) ctx.addIssue({ code: 'custom', message: 'must be a duration like 15s' })
    return ms
  })

/** `HOST` or `HOST:PORT`; an IPv6 address may lack its brackets where no port follows. */
const address = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s === '') return undefined
    const host = isIPv6(s) ? `[${s}]` : s
    if (/^[^\s/?#@:]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host)) return host
    ctx.addIssue({ code: 'custom', message: 'must be HOST or HOST:PORT' })
    return undefined
  })

const list = z
  .string()
  .optional()
  .transform((s) =>
    s === undefined || s === '""'
      ? []
      : s
          .split(',')
          .map((n) => n.trim())
          .filter(Boolean),
  )

const tlsVersions = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const
const tlsVersion = z
  .enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'], {
    error: 'must be one of TLS10, TLS11, TLS12, TLS13',
  })
  .optional()
  .transform((s) => s && tlsVersions[s])

/** A name that is none is refused: what is left of the list might be none, and so everything. */
const ciphers = z
  .string()
  .optional()
  .transform((s, ctx) => {
    const found = openSslCiphers(s ?? '')
    if ('list' in found) return found.list
    ctx.addIssue({
      code: 'custom',
      message: `must be Go's names of secure cipher suites, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; unknown: ${quoted(found.unknown)}`,
    })
    return undefined
  })

/** As much of a list as a line can hold. */
const quoted = (names: readonly string[]): string =>
  names
    .slice(0, 5)
    .map((name) => JSON.stringify(name.slice(0, 60)))
    .join(', ')

const endpoints = z
  .string()
  .optional()
  .transform((s, ctx) => {
    if (s === undefined || s.trim() === '') return undefined
    const parsed = parseEndpoints(s)
    if ('allow' in parsed) return parsed
    ctx.addIssue({ code: 'custom', message: parsed.problem })
    return undefined
  })

/** KEDA's bounds for tokens of service accounts: an hour to six. */
const tokenLife = duration(hour).refine(
  (ms) => ms >= hour && ms <= 6 * hour,
  'must be from 1h to 6h',
)

/** Everything `ebb run` can be told. Help, variables and docs come from this table. */
export const options = {
  kubeconfig: option({
    flag: '--kubeconfig',
    value: 'FILE',
    env: 'EBB_KUBECONFIG',
    doc: 'cluster to work on; without it KUBECONFIG, the account of the pod, or ~/.kube/config',
    parse: optionalText,
  }),
  httpsPort: option({
    flag: '--https-port',
    value: 'PORT',
    env: 'EBB_HTTPS_PORT',
    doc: 'external metrics API and webhooks, over TLS (6443)',
    parse: port(6443),
  }),
  httpPort: option({
    flag: '--http-port',
    value: 'PORT',
    env: 'EBB_HTTP_PORT',
    doc: '/metrics, /healthz, /readyz and the page (8080)',
    parse: port(8080),
  }),
  grpcPort: option({
    flag: '--grpc-port',
    value: 'PORT',
    env: 'EBB_GRPC_PORT',
    doc: "reserved for serving as another KEDA's external scaler; nothing listens there yet (9666)",
    parse: port(9666),
  }),
  bind: option({
    flag: '--bind',
    value: 'ADDRESS',
    env: 'EBB_BIND',
    doc: 'address to listen on; default: all in a pod, 127.0.0.1 elsewhere',
    parse: optionalText,
  }),
  advertiseAddress: option({
    flag: '--advertise-address',
    value: 'ADDRESS',
    env: 'EBB_ADVERTISE_ADDRESS',
    kedaEnv: 'POD_IP',
    doc: 'where other replicas reach this one: HOST (with the HTTPS port) or HOST:PORT',
    parse: address,
  }),
  shutdownDelay: option({
    flag: '--shutdown-delay',
    value: 'DURATION',
    env: 'EBB_SHUTDOWN_DELAY',
    doc: 'how long it still answers when asked to end, while another replica takes over (5s in a pod, else 0s)',
    parse: optionalDuration,
  }),
  tlsCertFile: option({
    flag: '--tls-cert-file',
    value: 'FILE',
    env: 'EBB_TLS_CERT_FILE',
    doc: 'certificate of the metrics API; without it Ebb makes and rotates its own',
    parse: optionalText,
  }),
  tlsPrivateKeyFile: option({
    flag: '--tls-private-key-file',
    value: 'FILE',
    env: 'EBB_TLS_PRIVATE_KEY_FILE',
    doc: 'key of that certificate',
    parse: optionalText,
  }),
  clientCaFile: option({
    flag: '--client-ca-file',
    value: 'FILE',
    env: 'EBB_CLIENT_CA_FILE',
    doc: "CA of client certificates to accept besides the cluster's",
    parse: optionalText,
  }),
  watchNamespaces: option({
    flag: '--watch-namespaces',
    value: 'A,B',
    env: 'EBB_WATCH_NAMESPACES',
    kedaEnv: 'WATCH_NAMESPACE',
    doc: 'only workloads of these namespaces (all)',
    parse: list,
  }),
  watchLabelSelector: option({
    flag: '--watch-label-selector',
    value: 'SELECTOR',
    env: 'EBB_WATCH_LABEL_SELECTOR',
    kedaEnv: 'WATCH_LABEL_SELECTOR',
    doc: 'only workloads with these labels (all)',
    parse: text(''),
  }),
  mode: option({
    flag: '--mode',
    value: 'active|shadow',
    env: 'EBB_MODE',
    doc: 'shadow decides and records but writes nothing; default: active, but shadow where KEDA is at work',
    parse: z.enum(['active', 'shadow'], { error: 'must be active or shadow' }).optional(),
  }),
  hold: option({
    flag: '--hold',
    env: 'EBB_HOLD',
    doc: 'no scale-in anywhere: for incidents',
    parse: flag,
  }),
  noApiservice: option({
    flag: '--no-apiservice',
    env: 'EBB_NO_APISERVICE',
    doc: 'touch no APIService',
    parse: flag,
  }),
  logLevel: option({
    flag: '--log-level',
    value: logLevels.join('|'),
    env: 'EBB_LOG_LEVEL',
    doc: 'how much is logged (info)',
    parse: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  }),
  namespace: option({
    flag: '--namespace',
    value: 'NAME',
    env: 'EBB_NAMESPACE',
    kedaEnv: 'POD_NAMESPACE',
    doc: "Ebb's own namespace: its Lease and certificates (that of the pod, else ebb)",
    parse: optionalText,
  }),
  clusterObjectNamespace: option({
    flag: '--cluster-object-namespace',
    value: 'NAME',
    env: 'EBB_CLUSTER_OBJECT_NAMESPACE',
    kedaEnv: 'KEDA_CLUSTER_OBJECT_NAMESPACE',
    doc: "where Secrets of ClusterTriggerAuthentications are (Ebb's own namespace)",
    parse: optionalText,
  }),
  restrictSecretAccess: option({
    flag: '--restrict-secret-access',
    env: 'EBB_RESTRICT_SECRET_ACCESS',
    kedaEnv: 'KEDA_RESTRICT_SECRET_ACCESS',
    doc: 'read Secrets of the cluster object namespace only, for ClusterTriggerAuthentications and workloads there',
    parse: flag,
  }),
  allowedEndpoints: option({
    flag: '--allowed-endpoints',
    value: 'A,B',
    env: 'EBB_ALLOWED_ENDPOINTS',
    doc: 'where sources, vaults and token servers may be: HOST or HOST:PORT, HOST may begin with *. (everywhere)',
    several: true,
    parse: endpoints,
  }),
  filepathAuthRootPath: option({
    flag: '--filepath-auth-root-path',
    value: 'FOLDER',
    env: 'EBB_FILEPATH_AUTH_ROOT_PATH',
    doc: 'folder of the files that filePath of a ClusterTriggerAuthentication may name (none)',
    parse: optionalText,
  }),
  boundServiceAccountTokenExpiry: option({
    flag: '--bound-service-account-token-expiry',
    value: 'DURATION',
    env: 'EBB_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY',
    kedaEnv: 'KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY',
    doc: 'how long tokens of boundServiceAccountToken are good, 1h to 6h (1h)',
    parse: tokenLife,
  }),
  caDir: option({
    flag: '--ca-dir',
    value: 'FOLDER',
    env: 'EBB_CA_DIR',
    doc: "folder of certificates (PEM) to trust besides the system's (/custom/ca)",
    several: true,
    parse: list.transform((folders) => (folders.length === 0 ? ['/custom/ca'] : folders)),
  }),
  httpDisableKeepAlive: option({
    flag: '--http-disable-keep-alive',
    env: 'EBB_HTTP_DISABLE_KEEP_ALIVE',
    kedaEnv: 'KEDA_HTTP_DISABLE_KEEP_ALIVE',
    doc: 'a connection of its own for every request to a source',
    parse: flag,
  }),
  httpMinTlsVersion: option({
    flag: '--http-min-tls-version',
    value: 'TLS10|TLS11|TLS12|TLS13',
    env: 'EBB_HTTP_MIN_TLS_VERSION',
    kedaEnv: 'KEDA_HTTP_MIN_TLS_VERSION',
    doc: 'lowest version of TLS to sources (TLS12)',
    parse: tlsVersion,
  }),
  httpTlsCipherList: option({
    flag: '--http-tls-cipher-list',
    value: 'A,B',
    env: 'EBB_HTTP_TLS_CIPHER_LIST',
    kedaEnv: 'KEDA_HTTP_TLS_CIPHER_LIST',
    doc: "cipher suites to sources, by Go's names; for versions up to TLS12 (Node's own)",
    parse: ciphers,
  }),
  serviceMinTlsVersion: option({
    flag: '--service-min-tls-version',
    value: 'TLS12|TLS13',
    env: 'EBB_SERVICE_MIN_TLS_VERSION',
    kedaEnv: 'KEDA_SERVICE_MIN_TLS_VERSION',
    doc: 'lowest version of TLS of the metrics API (that to sources, but at least TLS12)',
    parse: tlsVersion,
  }),
  serviceTlsCipherList: option({
    flag: '--service-tls-cipher-list',
    value: 'A,B',
    env: 'EBB_SERVICE_TLS_CIPHER_LIST',
    kedaEnv: 'KEDA_SERVICE_TLS_CIPHER_LIST',
    doc: "cipher suites of the metrics API and the webhooks, by Go's names; for TLS12, by a certificate that is ECDSA unless given (those to sources)",
    parse: ciphers,
  }),
  httpTimeout: option({
    flag: '--http-timeout',
    value: 'MS',
    env: 'EBB_HTTP_TIMEOUT',
    kedaEnv: 'KEDA_HTTP_DEFAULT_TIMEOUT',
    doc: 'how long one exchange with a source may take (3000)',
    parse: duration(3_000),
  }),
  hpaSyncPeriod: option({
    flag: '--hpa-sync-period',
    value: 'DURATION',
    env: 'EBB_HPA_SYNC_PERIOD',
    doc: "the cluster's --horizontal-pod-autoscaler-sync-period: how old a value an HPA is given may be (15s)",
    parse: duration(15_000),
  }),
  leaseDuration: option({
    flag: '--lease-duration',
    value: 'DURATION',
    env: 'EBB_LEASE_DURATION',
    kedaEnv: 'KEDA_OPERATOR_LEADER_ELECTION_LEASE_DURATION',
    doc: 'how long others wait before they take over from a silent replica (15s)',
    parse: duration(15_000),
  }),
  leaseRenewDeadline: option({
    flag: '--lease-renew-deadline',
    value: 'DURATION',
    env: 'EBB_LEASE_RENEW_DEADLINE',
    kedaEnv: 'KEDA_OPERATOR_LEADER_ELECTION_RENEW_DEADLINE',
    doc: 'how long a replica that cannot renew its Lease still acts (10s)',
    parse: duration(10_000),
  }),
  leaseRetryPeriod: option({
    flag: '--lease-retry-period',
    value: 'DURATION',
    env: 'EBB_LEASE_RETRY_PERIOD',
    kedaEnv: 'KEDA_OPERATOR_LEADER_ELECTION_RETRY_PERIOD',
    doc: 'how often the Lease is renewed or tried for (2s)',
    parse: duration(2_000),
  }),
} as const

export type Options = {
  readonly [K in keyof typeof options]: z.output<(typeof options)[K]['parse']>
}

/** Milliseconds of a Go duration or a bare number of milliseconds; undefined where it is neither. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0),
    0,
  )
}
