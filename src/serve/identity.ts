/** Who asks, as Kubernetes knows users. */
export interface Identity {
  readonly name: string
  readonly uid: string | undefined
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
  /** How it was proved. Only what came by `front-proxy` was authorized by the API server before it got here. */
  readonly via: 'front-proxy' | 'certificate' | 'token'
  /** One text per distinct identity, for keys of what is remembered about it. */
  readonly key: string
}

const authenticated = 'system:authenticated'
const anonymous = 'system:anonymous'
const unauthenticated = 'system:unauthenticated'

/** Completes an identity: as in every API server, who has proved a name is in the group `system:authenticated`. */
export function identity(given: Omit<Identity, 'key'>): Identity {
  const known = given.groups.includes(authenticated) || given.groups.includes(unauthenticated)
  const groups = known || given.name === anonymous ? given.groups : [...given.groups, authenticated]
  const key = JSON.stringify([given.via, given.name, given.uid ?? '', groups, given.extra])
  return { ...given, groups, key }
}
