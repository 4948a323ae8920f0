interface Row {
  /** Whether the same request may succeed later without anyone changing anything. */
  readonly retry: boolean
  say(detail: never): string
}

/**
 * One row per failure a user can meet, in the words they read in a condition, an event, a log line or `ebb explain`.
 * docs/errors.md is generated from this table. No detail may hold a secret: addresses are given without user info and query.
 */
export const catalogue = {
  // metadata and scalers
  METADATA_INVALID: {
    retry: false,
    say: (d: { trigger: string; problems: readonly string[] }) =>
      `trigger ${d.trigger} is misconfigured: ${d.problems.join('; ')}`,
  },
  TRIGGER_UNKNOWN: {
    retry: false,
    say: (d: { type: string; known: readonly string[] }) =>
      `no scaler for trigger type "${d.type}"; Ebb has ${d.known.join(', ')}`,
  },

  // sources
  SOURCE_UNREACHABLE: {
    retry: true,
    say: (d: { address: string; why: string }) => `cannot reach ${d.address}: ${d.why}`,
  },
  SOURCE_TIMEOUT: {
    retry: true,
    say: (d: { address: string; ms: number }) => `${d.address} did not answer within ${d.ms} ms`,
  },
  SOURCE_DENIED: {
    retry: false,
    say: (d: { address: string; why: string }) =>
      `${d.address} refused the credentials (${d.why}); check the TriggerAuthentication and its Secret`,
  },
  SOURCE_THROTTLED: {
    retry: true,
    say: (d: { address: string; why: string }) => `${d.address} asks for fewer requests (${d.why})`,
  },
  SOURCE_REFUSED: {
    retry: true,
    say: (d: { address: string; why: string }) => `${d.address} answered with an error: ${d.why}`,
  },
  SOURCE_NOT_FOUND: {
    retry: true,
    say: (d: { address: string; what: string }) =>
      `${d.what} does not exist at ${d.address}; create it or correct its name`,
  },
  SOURCE_GARBLED: {
    retry: true,
    say: (d: { address: string; why: string }) =>
      `${d.address} answered what Ebb cannot read: ${d.why}`,
  },
  ENDPOINT_FORBIDDEN: {
    retry: false,
    say: (d: { endpoint: string; allowed: string; by: string }) =>
      `${d.endpoint} may not be reached: ${d.by} allows ${d.allowed || 'nothing'}; nothing was sent. Correct the address, or have it added there`,
  },
  QUERY_UNFIT: {
    retry: true,
    say: (d: { address: string; why: string }) =>
      `the query to ${d.address} cannot be scaled on: ${d.why}`,
  },
  SOURCE_PAUSED: {
    retry: true,
    say: (d: { why: string }) =>
      `not asked: the source failed before and is probed again soon (${d.why})`,
  },
  SOURCE_FORGOT: {
    retry: true,
    say: (d: { lost: number; of: number }) =>
      `${d.lost} of ${d.of} queries of this source lost their value at once; taken for a fault of the source, not for zero`,
  },
  SAMPLE_EMPTY: {
    retry: true,
    say: (d: { what: string }) => `the answer held no measurement: ${d.what}`,
  },
  SAMPLE_TOO_LARGE: {
    retry: true,
    say: (d: { what: string; value: number }) =>
      `${d.what} is ${d.value}, too large a number to scale on`,
  },
  SAMPLE_MISSING: {
    retry: true,
    say: (d: { what: string }) => `${d.what} was not sampled yet`,
  },

  // stores of credentials
  STORE_DENIED: {
    retry: false,
    say: (d: { store: string; what: string; why: string; help: string }) =>
      `${d.store} does not take ${d.what} (${d.why}): ${d.help}`,
  },

  // the process
  CONFIG_INVALID: {
    retry: false,
    say: (d: { problems: readonly string[] }) => d.problems.join('; '),
  },

  CRDS_MISSING: {
    retry: false,
    say: (_detail: object) =>
      'the cluster does not know ScaledObjects; install them with kubectl apply --server-side -k manifests',
  },
  PORT_IN_USE: {
    retry: false,
    say: (d: { address: string }) =>
      `${d.address} is in use by another program; stop it or choose another port`,
  },
  LISTEN_FAILED: {
    retry: false,
    say: (d: { address: string; why: string }) => `cannot listen on ${d.address} (${d.why})`,
  },
  NOT_LEADING: {
    retry: true,
    say: (d: { holder: string }) =>
      `this replica of Ebb is a standby; ${d.holder} polls and answers`,
  },
  REPLICA_UNREACHABLE: {
    retry: true,
    say: (d: { which: string; why: string }) =>
      `the replica of Ebb that leads (${d.which}) cannot be asked: ${d.why}`,
  },

  IDENTITY_ABSENT: {
    retry: false,
    say: (d: { scope: string; missing: string }) =>
      `no token for ${d.scope}, for want of ${d.missing}: set them in the ConfigMap ebb-env of Ebb's namespace, or let the workload identity webhook of Azure do it, or name client and tenant in podIdentity`,
  },
  IDENTITY_DENIED: {
    retry: false,
    say: (d: { scope: string; why: string }) => `no token for ${d.scope}: ${d.why}`,
  },
  IDENTITY_UNREACHABLE: {
    retry: true,
    say: (d: { scope: string; why: string }) =>
      `no token for ${d.scope}: ${d.why}; it is asked for again`,
  },

  // workloads
  JOBS_REFUSED: {
    retry: true,
    say: (d: { doing: string; why: string; help: string }) =>
      `${d.doing} fails: ${d.why}; ${d.help}. It is tried again`,
  },
  JOBS_DELAYED: {
    retry: true,
    say: (d: { why: string }) =>
      `a Job could not be created: ${d.why}; it is tried again with the next poll`,
  },
  TARGET_KIND_UNKNOWN: {
    retry: true,
    say: (d: { kind: string; apiVersion: string }) =>
      `the cluster has no kind ${d.kind} in ${d.apiVersion}; correct spec.scaleTargetRef or install its CustomResourceDefinition`,
  },
  TARGET_MISSING: {
    retry: true,
    say: (d: { kind: string; name: string }) =>
      `the scale target ${d.kind} ${d.name} does not exist; create it or correct spec.scaleTargetRef`,
  },
  TARGET_NOT_SCALABLE: {
    retry: true,
    say: (d: { kind: string; name: string; why: string }) =>
      `the scale target ${d.kind} ${d.name} cannot be scaled: ${d.why}`,
  },
  TARGET_FORBIDDEN: {
    retry: true,
    say: (d: { kind: string; name: string; group: string; plural: string }) =>
      `Ebb is not allowed to scale ${d.kind} ${d.name}; if the kind has /scale, allow it by a ClusterRole with the label ebb.dev/aggregate-to-controller: 'true' for the group "${d.group}": get of ${d.plural}, get and update of ${d.plural}/scale`,
  },
  USAGE_NOT_SERVED: {
    retry: true,
    say: () =>
      'nobody serves metrics.k8s.io in this cluster, so cpu and memory cannot be measured; install a metrics server, or take these triggers away',
  },
  USAGE_FORBIDDEN: {
    retry: true,
    say: (d: { namespace: string }) =>
      `Ebb is not allowed to list pods of metrics.k8s.io in ${d.namespace}, so cpu and memory cannot be measured; allow it as ClusterRole ebb-usage of manifests/rbac does`,
  },
  PODS_FORBIDDEN: {
    retry: true,
    say: (d: { namespace: string }) =>
      `Ebb is not allowed to patch pods in ${d.namespace}; allow it by manifests/deletion-cost, or by what ebb rbac prints`,
  },
  SPEC_INVALID: {
    retry: false,
    say: (d: { problems: readonly string[] }) => d.problems.join('; '),
  },
  TARGET_CONTESTED: {
    retry: true,
    say: (d: { problems: readonly string[] }) => d.problems.join('; '),
  },
  HPA_OWNED: {
    retry: true,
    say: (d: { hpa: string; owner: string }) =>
      `HorizontalPodAutoscaler ${d.hpa} belongs to ${d.owner}; choose another advanced.horizontalPodAutoscalerConfig.name`,
  },
  METRICS_NOT_SERVED: {
    retry: true,
    say: (d: { owner: string }) =>
      `the external metrics API of this cluster is served by ${d.owner}, so the HPA cannot read Ebb; remove that APIService or use the annotation ebb.dev/scaling: direct`,
  },
  METRIC_FAILED: {
    retry: true,
    say: (d: { metric: string; why: string }) => `metric:${d.metric} encountered error: ${d.why}`,
  },
  METRIC_UNKNOWN: {
    retry: true,
    say: (d: { metric: string; workload: string }) =>
      `no matching metrics found for ${d.metric} of ScaledObject ${d.workload}`,
  },
  WORKLOAD_UNKNOWN: {
    retry: true,
    say: (d: { workload: string }) => `ScaledObject ${d.workload} is not known to Ebb`,
  },

  // the command line
  FILE_UNREADABLE: {
    retry: false,
    say: (d: { file: string; why: string }) => `cannot read ${d.file}: ${d.why}`,
  },
  MANIFEST_INVALID: {
    retry: false,
    say: (d: { problems: readonly string[] }) => d.problems.join('\n'),
  },
  USAGE: {
    retry: false,
    say: (d: { why: string }) => d.why,
  },
  PROGRAM_MISSING: {
    retry: false,
    say: (d: { program: string; how: string }) => `${d.program} is not installed; ${d.how}`,
  },
  PROGRAM_FAILED: {
    retry: true,
    say: (d: { program: string; why: string }) => `${d.program} stopped: ${d.why}`,
  },
  STOPPED: {
    retry: true,
    say: (d: { signal: string }) => `stopped by ${d.signal}`,
  },
  DEMO_ABSENT: {
    retry: true,
    say: (_detail: object) => 'no demo is running here; start one with "npm start"',
  },
  DEMO_FAILED: {
    retry: true,
    say: (d: { seconds: number; seen: string }) =>
      `the demo did not go 0 -> 1 -> n -> 0 within ${d.seconds} s; seen: ${d.seen}`,
  },
  ANSWER_UNREADABLE: {
    retry: true,
    say: (d: { address: string; why: string }) => `${d.address} gave no usable answer: ${d.why}`,
  },

  // the cluster
  CLUSTER_CONFIG: {
    retry: false,
    say: (d: { why: string }) => `no usable Kubernetes configuration: ${d.why}`,
  },
  CLUSTER_UNREACHABLE: {
    retry: true,
    say: (d: { server: string; why: string }) =>
      `cannot reach the Kubernetes API server at ${d.server}: ${d.why}`,
  },
  CLUSTER_NOT_FOUND: {
    retry: false,
    say: (d: { what: string }) => `${d.what} does not exist`,
  },
  CLUSTER_CONFLICT: {
    retry: true,
    say: (d: { what: string }) => `${d.what} was changed by someone else meanwhile`,
  },
  CLUSTER_EXISTS: {
    retry: false,
    say: (d: { what: string }) => `${d.what} exists already`,
  },
  CLUSTER_GONE: {
    retry: true,
    say: (d: { what: string }) => `the history of ${d.what} no longer reaches back far enough`,
  },
  CLUSTER_FORBIDDEN: {
    retry: false,
    say: (d: { what: string; why: string }) => `not allowed: ${d.what} (${d.why})`,
  },
  CLUSTER_INVALID: {
    retry: false,
    say: (d: { what: string; why: string }) => `the API server refused ${d.what}: ${d.why}`,
  },
  CLUSTER_THROTTLED: {
    retry: true,
    say: (d: { what: string }) => `the API server asks to wait before ${d.what}`,
  },
  CLUSTER_FAILED: {
    retry: true,
    say: (d: { what: string; why: string }) => `${d.what} failed: ${d.why}`,
  },

  // serving
  ANSWER_LATE: {
    retry: true,
    say: (d: { ms: number }) => `not known within ${d.ms} ms`,
  },
  ACCESS_UNDECIDED: {
    retry: true,
    say: (d: { what: string; why: string }) =>
      `cannot check ${d.what}: the API server did not answer (${d.why})`,
  },
  ACCESS_DENIED: {
    retry: false,
    say: (d: { user: string; what: string }) => `forbidden: User "${d.user}" cannot ${d.what}`,
  },
  CHECKS_BUSY: {
    retry: true,
    say: (d: { width: number }) =>
      `too many access checks are under way (${d.width}); ask again in a moment`,
  },
  SELECTOR_INVALID: {
    retry: false,
    say: (d: { selector: string; why: string }) =>
      `label selector "${d.selector}" is not understood: ${d.why}; use scaledobject.keda.sh/name=NAME`,
  },
  SCALEDOBJECT_UNNAMED: {
    retry: false,
    say: (d: { metric: string }) =>
      `scaledObject name is not specified for metric ${d.metric}; select it by the label scaledobject.keda.sh/name`,
  },
  CERTIFICATE_UNUSABLE: {
    retry: true,
    say: (d: { what: string; why: string }) =>
      `the certificate of ${d.what} cannot be used: ${d.why}`,
  },
  APISERVICE_FOREIGN: {
    retry: true,
    say: (d: { name: string; owner: string }) =>
      `APIService ${d.name} belongs to ${d.owner} and is left alone; remove it, or use the annotation ebb.dev/scaling: direct`,
  },
} satisfies Record<string, Row>
