import { stringify } from 'yaml'
import type { Reads } from './reads.ts'

/** The account Ebb runs as. */
export interface Account {
  readonly namespace: string
  readonly name: string
}

const roleName = 'ebb-reads'

const rule = (resource: string, names: readonly string[], verb = 'get'): readonly object[] =>
  names.length === 0
    ? []
    : [{ apiGroups: [''], resources: [resource], verbs: [verb], resourceNames: names }]

const role = ({ namespace, secrets, configMaps, accounts }: Reads): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: roleName, namespace },
  rules: [
    ...rule('secrets', secrets),
    ...rule('configmaps', configMaps),
    ...rule('serviceaccounts/token', accounts, 'create'),
  ],
})

const binding = ({ namespace }: Reads, account: Account): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: roleName, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: roleName },
  subjects: [{ kind: 'ServiceAccount', ...account }],
})

const heading = [
  '# What Ebb reads for the workloads of today, by name, and of which accounts it makes tokens. Apply it, then take away what lets Ebb read every Secret and',
  '# ConfigMap: kubectl delete clusterrolebinding ebb-reads. Print it anew when a workload begins to use another one.',
]

/** Roles that allow exactly these reads, as YAML to apply. */
export function rolesFor(reads: readonly Reads[], account: Account): string {
  const documents = reads.flatMap((one) => [role(one), binding(one, account)])
  const text = documents.map((document) => stringify(document, { lineWidth: 0 }))
  return [...heading, text.join('---\n')].join('\n')
}
