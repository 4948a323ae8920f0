/** A kind of somebody's own, whose scale is this field of its spec and status. */
export const fleetDefinition = (field: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'fleets.example.test' },
  spec: {
    group: 'example.test',
    scope: 'Namespaced',
    names: { kind: 'Fleet', plural: 'fleets', singular: 'fleet' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { [field]: { type: 'integer' } } },
              status: {
                type: 'object',
                properties: { [field]: { type: 'integer' }, selector: { type: 'string' } },
              },
            },
          },
        },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: `.spec.${field}`,
            statusReplicasPath: `.status.${field}`,
            labelSelectorPath: '.status.selector',
          },
        },
      },
    ],
  },
})

/** The ClusterRole that lets Ebb scale it. */
export const mayScaleFleets = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'ebb-fleets', labels: { 'ebb.dev/aggregate-to-controller': 'true' } },
  rules: [
    { apiGroups: ['example.test'], resources: ['fleets'], verbs: ['get'] },
    { apiGroups: ['example.test'], resources: ['fleets/scale'], verbs: ['get', 'update'] },
  ],
}
