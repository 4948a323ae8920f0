import * as z from 'zod'
import { logLevels } from './log.ts'
import {
  address,
  ciphers,
  duration,
  endpoints,
  flag,
  list,
  optionalDuration,
  optionalText,
  port,
  text,
  tlsVersion,
  tokenLife,
} from './setting.ts'

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
