/** OpenSSL's names of the cipher suites that Go lets one choose (crypto/tls CipherSuites); those of TLS 1.3 are always on. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
}

/** Those of TLS 1.3, which Go has names for too; naming one chooses nothing. */
const always = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']

/**
 * A list (with `:` or `,`) of suites by the names that Go and the RFCs have for them, as OpenSSL wants it: undefined where it
 * names none, or else `unknown` has the names that may not be chosen. A list of suites of TLS 1.3 alone leaves TLS 1.3 alone.
 */
export function openSslCiphers(
  text: string,
): { readonly list: string | undefined } | { readonly unknown: readonly string[] } {
  const names = text
    .split(/[:,]/)
    .map((name) => name.trim())
    .filter(Boolean)
  const unknown = names.filter((name) => !Object.hasOwn(suites, name) && !always.includes(name))
  if (unknown.length > 0) return { unknown }
  if (names.length === 0) return { list: undefined }
  const chosen = names.flatMap((name) => suites[name] ?? [])
  return { list: (chosen.length === 0 ? always : chosen).join(':') }
}
