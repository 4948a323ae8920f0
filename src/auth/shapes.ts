// A type alias, because an interface is not taken for plain data with string keys.
export type PodIdentity = {
  readonly provider: string
  readonly identityId?: string
  readonly identityTenantId?: string
  readonly identityAuthorityHost?: string
}

export interface SecretValue {
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } }
}

export interface HashiCorpVault {
  readonly address: string
  readonly authentication: string
  readonly namespace?: string
  readonly mount?: string
  readonly role?: string
  readonly credential?: {
    readonly token?: string
    readonly serviceAccount?: string
    readonly serviceAccountName?: string
  }
  readonly secrets: readonly {
    readonly parameter: string
    readonly path: string
    readonly key: string
    readonly type?: '' | 'secretV2' | 'secret' | 'pki'
    readonly pkiData?: {
      readonly commonName?: string
      readonly altNames?: string
      readonly ipSans?: string
      readonly uriSans?: string
      readonly otherSans?: string
      readonly ttl?: string
      readonly format?: string
    }
  }[]
}

export interface AzureKeyVault {
  readonly vaultUri: string
  readonly secrets: readonly {
    readonly parameter: string
    readonly name: string
    readonly version?: string
  }[]
  readonly podIdentity?: PodIdentity
  readonly credentials?: {
    readonly clientId: string
    readonly tenantId: string
    readonly clientSecret: SecretValue
  }
}

export interface ParameterRef {
  readonly parameter: string
  readonly name: string
  readonly key: string
}

/** `spec` of a TriggerAuthentication and of a ClusterTriggerAuthentication, as users write it. */
export interface AuthenticationSpec {
  readonly podIdentity?: PodIdentity
  readonly secretTargetRef?: readonly ParameterRef[]
  readonly configMapTargetRef?: readonly ParameterRef[]
  readonly env?: readonly {
    readonly parameter: string
    readonly name: string
    readonly containerName?: string
  }[]
  readonly filePath?: string
  readonly hashiCorpVault?: HashiCorpVault
  readonly azureKeyVault?: AzureKeyVault
  readonly gcpSecretManager?: object
  readonly awsSecretManager?: object
  readonly boundServiceAccountToken?: readonly {
    readonly parameter: string
    readonly serviceAccountName: string
  }[]
  readonly oauth2?: {
    readonly type: string
    readonly clientId: string
    readonly tokenUrl: string
    readonly clientSecret?: SecretValue
    readonly scopes?: readonly string[]
    readonly tokenUrlParams?: Readonly<Record<string, string>>
  }
}
