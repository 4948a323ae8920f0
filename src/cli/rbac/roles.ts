import { stringify } from 'yaml'
import type { Reads } from './reads.ts'

/** The account Ebb runs as. */
export interface Account {
  readonly namespace: string
  readonly name: string
}

const roleName = 'ebb-reads'
const costRole = 'ebb-deletion-cost'

const rule = (resource: string, names: readonly string[], verb = 'get'): readonly object[] =>
  names.length === 0
    ? []
    : [{ apiGroups: [''], resources: [resource], verbs: [verb], resourceNames: names }]

const readRules = ({ secrets, configMaps, accounts }: Reads): readonly object[] => [
  ...rule('secrets', secrets),
  ...rule('configmaps', configMaps),
  ...rule('serviceaccounts/token', accounts, 'create'),
]

/** Of no names: pods have new ones all the time. */
const costRules = ({ pods }: Reads): readonly object[] =>
  pods ? [{ apiGroups: [''], resources: ['pods'], verbs: ['patch'] }] : []

/** A Role with its binding, where there is anything to allow. */
const granted = (
  name: string,
  namespace: string,
  rules: readonly object[],
  account: Account,
): readonly object[] =>
  rules.length === 0
    ? []
    : [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name, namespace },
          rules,
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name, namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [{ kind: 'ServiceAccount', ...account }],
        },
      ]

const heading = [
  '# What Ebb reads for the workloads of today, by name, and of which accounts it makes tokens. Apply it, then take away what lets Ebb read every Secret and',
  '# ConfigMap: kubectl delete clusterrolebinding ebb-reads. Where idle pods are to go first, it may patch pods too. Print it anew when a workload begins to use another one.',
]

/** Roles that allow exactly these reads, as YAML to apply. */
export function rolesFor(reads: readonly Reads[], account: Account): string {
  const documents = reads.flatMap((one) => [
    ...granted(roleName, one.namespace, readRules(one), account),
    ...granted(costRole, one.namespace, costRules(one), account),
  ])
  const text = documents.map((document) => stringify(document, { lineWidth: 0 }))
  return [...heading, text.join('---\n')].join('\n')
}
