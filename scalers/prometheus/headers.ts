/** What a request carries to log in. */
export interface Login {
  readonly authModes: readonly string[]
  readonly bearerToken: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly customAuthHeader: string | undefined
  readonly customAuthValue: string | undefined
  readonly customHeaders: Readonly<Record<string, string>> | undefined
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Bearer before basic before custom, as KEDA prefers them; else the user info of the address, as Go sends it. */
function loginHeader(m: Login, url: URL): readonly [string, string] | undefined {
  const has = (mode: string): boolean => m.authModes.includes(mode)
  if (has('bearer')) return ['Authorization', `Bearer ${m.bearerToken}`]
  if (has('basic')) return ['Authorization', basic(m.username ?? '', m.password ?? '')]
  if (has('custom') && m.customAuthHeader) return [m.customAuthHeader, m.customAuthValue ?? '']
  if (url.username === '') return undefined
  return [
    'Authorization',
    basic(decodeURIComponent(url.username), decodeURIComponent(url.password)),
  ]
}

/** All headers of a request, name and value in turn; one that logs in replaces a custom header of its name. */
export function headersOf(m: Login, url: URL, token?: string): string[] {
  const login =
    token === undefined ? loginHeader(m, url) : (['Authorization', `Bearer ${token}`] as const)
  const custom = Object.entries(m.customHeaders ?? {}).filter(
    ([name]) => name.toLowerCase() !== login?.[0].toLowerCase(),
  )
  return ['Accept', 'application/json', 'User-Agent', 'ebb', ...custom.flat(), ...(login ?? [])]
}
