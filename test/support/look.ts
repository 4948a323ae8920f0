import type { Condition } from '../../src/resources.ts'
import type { AuditEvent, ControlPlane } from '../control-plane/start.ts'

/** What tests ask of a real control plane, as its administrator. A name is of the namespace `default`, or `NAMESPACE/NAME`. */
export interface Look {
  /** What a jsonpath finds of an object; '' where it finds nothing, also where there is no such object. */
  path(kind: string, name: string, jsonpath: string): Promise<string>
  /** `spec.replicas` of a Deployment, or of another kind. */
  replicas(name: string, kind?: string): Promise<number>
  /** One condition of a ScaledObject, Ready unless said otherwise; its reason is `absent` where it has none. */
  condition(name: string, type?: string): Promise<Required<Condition>>
  /** The reason of its Ready condition. */
  ready(name: string): Promise<string>
  /** The events about a ScaledObject, each as `REASON NOTE`. */
  events(name: string): Promise<readonly string[]>
  /** Requests of Ebb's account since an ISO time, from the audit log. */
  requests(since: string): Promise<readonly AuditEvent[]>
  /** Those of them that change something, as `verb resource namespace/name`. */
  writes(since: string): Promise<readonly string[]>
}

/** What Ebb is to the API server. */
export const account = 'system:serviceaccount:ebb:ebb'

export function looksAt(plane: ControlPlane): Look {
  const path = async (kind: string, name: string, jsonpath: string): Promise<string> => {
    const parts = name.split('/')
    const [namespace = '', object = ''] = parts.length === 2 ? parts : ['default', name]
    const what = ['-n', namespace, 'get', kind, object, '--ignore-not-found']
    return plane.kubectl(...what, '-o', `jsonpath=${jsonpath}`)
  }
  const condition = async (name: string, type = 'Ready'): Promise<Required<Condition>> => {
    const found = await path('so', name, `{.status.conditions[?(@.type=="${type}")]}`)
    const none = { type, status: 'Unknown', reason: 'absent', message: '' } as const
    return { ...none, ...(found !== '' && JSON.parse(found)) }
  }
  const requests = async (since: string): Promise<readonly AuditEvent[]> =>
    (await plane.audit()).filter(
      (e) => e.user.username === account && e.requestReceivedTimestamp >= since,
    )
  return {
    path,
    condition,
    requests,
    ready: async (name) => (await condition(name)).reason,
    replicas: async (name, kind = 'deployment') =>
      Number(await path(kind, name, '{.spec.replicas}')),
    async events(name) {
      const about = [
        '--field-selector',
        `involvedObject.kind=ScaledObject,involvedObject.name=${name}`,
      ]
      const line = '{range .items[*]}{.reason} {.message}{"\\n"}{end}'
      const text = await plane.kubectl('get', 'events', '-A', ...about, '-o', `jsonpath=${line}`)
      return text.split('\n').filter(Boolean)
    },
    writes: async (since) => (await requests(since)).filter(isWrite).map(described),
  }
}

/** Reviews are questions that have the form of a create: nothing is stored. */
const isWrite = ({ verb, objectRef }: AuditEvent): boolean =>
  !['get', 'list', 'watch'].includes(verb) && !objectRef?.resource?.endsWith('reviews')

function described({ verb, objectRef }: AuditEvent): string {
  const { resource = '', subresource, namespace = '', name = '' } = objectRef ?? {}
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} ${namespace}/${name}`
}
