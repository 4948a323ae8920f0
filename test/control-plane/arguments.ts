import { join } from 'node:path'
import type { Authority, Pair } from './pki.ts'
import type { ControlPlaneOptions } from './start.ts'

/** All that the programs are told. */
export interface Arguments {
  readonly folder: string
  readonly etcd: string
  readonly peer: string
  readonly port: number
  readonly ca: Authority
  readonly serving: Pair
  readonly tokens: Pair
  readonly frontProxyCa: Authority
  readonly frontProxyClient: Pair
  readonly options: ControlPlaneOptions
}

const flags = (set: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(set).map(([name, value]) => `--${name}=${value}`)

export const etcdArguments = (a: Arguments): string[] =>
  flags({
    'data-dir': join(a.folder, 'etcd'),
    'listen-client-urls': a.etcd,
    'advertise-client-urls': a.etcd,
    'listen-peer-urls': a.peer,
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  })

/** EndpointSlices refuse loopback addresses: an aggregated API here is reached by a Service of type ExternalName `localhost`. */
export const apiServerArguments = (a: Arguments): string[] => [
  ...flags({
    'etcd-servers': a.etcd,
    'secure-port': a.port,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'endpoint-reconciler-type': 'none',
    'client-ca-file': a.ca.cert,
    'tls-cert-file': a.serving.cert,
    'tls-private-key-file': a.serving.key,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': a.tokens.cert,
    'service-account-signing-key-file': a.tokens.key,
    'service-cluster-ip-range': '10.0.0.0/16',
    'authorization-mode': 'RBAC',
    'proxy-client-cert-file': a.frontProxyClient.cert,
    'proxy-client-key-file': a.frontProxyClient.key,
    'requestheader-client-ca-file': a.frontProxyCa.cert,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'max-requests-inflight': 3000,
    'max-mutating-requests-inflight': 1000,
  }),
  ...(a.options.audit === true
    ? flags({
        'audit-log-path': join(a.folder, 'audit.log'),
        'audit-policy-file': join(a.folder, 'audit-policy.json'),
      })
    : []),
  ...(a.options.apiServer ?? []),
]

/** The controllers that watch nodes are off: the one node there is never says that it lives. */
export const controllerArguments = (a: Arguments, kubeconfig: string): string[] => [
  ...flags({
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'service-account-private-key-file': a.tokens.key,
    'root-ca-file': a.ca.cert,
    'use-service-account-credentials': 'true',
    controllers: '*,-nodelifecycle,-taint-eviction-controller',
    'leader-elect': 'false',
    'secure-port': 0,
    'kube-api-qps': 500,
    'kube-api-burst': 1000,
    'horizontal-pod-autoscaler-sync-period': a.options.hpaSync ?? '1s',
    'horizontal-pod-autoscaler-downscale-stabilization': a.options.downscaleStabilization ?? '5s',
    'horizontal-pod-autoscaler-initial-readiness-delay': '1s',
    'horizontal-pod-autoscaler-cpu-initialization-period': '1s',
    'concurrent-horizontal-pod-autoscaler-syncs': a.options.hpaWorkers ?? 5,
  }),
  ...(a.options.controllerManager ?? []),
]
