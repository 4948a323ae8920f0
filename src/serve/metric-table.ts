/** One metric as Prometheus sees it. */
export interface MetricRow {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds, in the metric's unit. */
  readonly buckets?: readonly number[]
}

/** The labels KEDA gives every series of one trigger (pkg/metricscollector). `scaledObject` is the workload's name. */
const trigger = ['namespace', 'metric', 'scaledObject', 'scaler', 'triggerIndex', 'type'] as const
const waits = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const counter = (help: string, labels: readonly string[] = []) =>
  ({ type: 'counter', help, labels }) as const
const gauge = (help: string, labels: readonly string[] = []) =>
  ({ type: 'gauge', help, labels }) as const
const histogram = (help: string, labels: readonly string[], buckets: readonly number[]) =>
  ({ type: 'histogram', help, labels, buckets }) as const

/**
 * Every metric Ebb has; docs/metrics.md is generated from this table. Names that begin with `keda_` are KEDA's, with its
 * labels and meaning. No label holds free text, and only those that name an object grow with the cluster.
 */
export const metricTable = {
  keda_build_info: gauge('Always 1; the labels say which build runs.', [
    'version',
    'git_commit',
    'goversion',
    'goos',
    'goarch',
  ]),
  keda_scaler_metrics_value: gauge('Newest value of each metric of a trigger.', trigger),
  keda_scaler_metrics_latency_seconds: gauge('How long the newest sample took.', trigger),
  keda_scaler_active: gauge('Whether the trigger is active (1) or not (0).', trigger),
  keda_scaler_detail_errors_total: counter('Samples of a trigger that failed.', trigger),
  keda_scaled_object_errors_total: counter('Samples of a ScaledObject that failed.', [
    'namespace',
    'scaledObject',
  ]),
  keda_scaled_job_errors_total: counter('Samples of a ScaledJob that failed.', [
    'namespace',
    'scaledJob',
  ]),
  keda_scaled_object_paused: gauge('Whether the ScaledObject is paused (1) or not (0).', [
    'namespace',
    'scaledObject',
  ]),
  keda_trigger_registered_total: gauge('Triggers of each type.', ['type']),
  keda_resource_registered_total: gauge('Objects of each kind.', ['type', 'namespace']),

  keda_webhook_scaled_object_validations_total: counter(
    'ScaledObjects and ScaledJobs that the webhook judged.',
    ['namespace', 'action'],
  ),
  keda_webhook_scaled_object_validation_errors_total: counter(
    'Rules by which the webhook refused them.',
    ['namespace', 'action', 'reason'],
  ),

  ebb_poll_lateness_seconds: histogram(
    'How much later than due a query was asked.',
    ['scaler'],
    waits,
  ),
  ebb_ask_duration_seconds: histogram(
    'How long a call to a source took.',
    ['scaler', 'outcome'],
    waits,
  ),
  ebb_asks_total: counter('Calls to sources.', ['scaler', 'outcome']),
  ebb_queries_total: counter(
    'Queries answered by those calls; more queries than calls means coalescing.',
    ['scaler'],
  ),
  ebb_asks_in_flight: gauge('Calls to sources under way.', ['scaler']),
  ebb_sources: gauge('Sources by the state of their breaker.', ['scaler', 'breaker']),
  ebb_decisions_total: counter('Decisions by reason.', ['because']),
  ebb_scale_writes_total: counter(
    'Replica counts written, failed to be, or held back as shadow or standby.',
    ['outcome'],
  ),
  ebb_reconcile_duration_seconds: histogram(
    'How long it took to resolve a ScaledObject.',
    ['outcome'],
    waits,
  ),
  ebb_apiserver_requests_total: counter('Requests to the Kubernetes API server.', [
    'verb',
    'resource',
    'code',
  ]),
  ebb_apiserver_request_duration_seconds: histogram(
    'How long the Kubernetes API server took; watches are not timed.',
    ['verb'],
    waits,
  ),
  ebb_mirror_objects: gauge('Objects held in the mirror of each kind.', ['kind']),
  ebb_leader: gauge('Whether this replica leads (1) or stands by (0).'),
  ebb_certificate_expiry_timestamp_seconds: gauge(
    'When the certificate of the metrics API ends, in seconds since 1970.',
  ),
  ebb_metrics_api_requests_total: counter('Reads of the external metrics API.', ['code']),
  ebb_metrics_api_request_duration_seconds: histogram(
    'How long a read of the external metrics API took.',
    [],
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  ),

  process_cpu_seconds_total: counter('CPU time used, in seconds.'),
  process_resident_memory_bytes: gauge('Resident memory.'),
  process_start_time_seconds: gauge('When the process started, in seconds since 1970.'),
  nodejs_heap_size_used_bytes: gauge('Memory in use by JavaScript objects.'),
} satisfies Record<string, Omit<MetricRow, 'name'>>

export type MetricName = keyof typeof metricTable

/** The table as rows, for the generated page. */
export const metricRows = (): readonly MetricRow[] =>
  Object.entries(metricTable).map(([name, row]) => ({ name, ...row }))
