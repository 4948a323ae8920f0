import { z } from 'zod'
import { logLevels } from './log.ts'

/** One setting of `ebb run`: a flag, its own variable, and KEDA's variable where that means the same. */
export interface Option<T> {
  readonly flag: string
  /** What follows the flag in help; none for switches. */
  readonly value?: string
  readonly env: string
  readonly kedaEnv?: string
  readonly doc: string
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
    doc: 'external metrics API, over TLS (6443)',
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
    doc: "reserved for serving as another KEDA's external scaler (9666)",
    parse: port(9666),
  }),
  bind: option({
    flag: '--bind',
    value: 'ADDRESS',
    env: 'EBB_BIND',
    doc: 'address to listen on; default: all in a pod, 127.0.0.1 elsewhere',
    parse: optionalText,
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
