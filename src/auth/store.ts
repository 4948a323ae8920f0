/** What a store holds under one name, as text by key; or why it cannot be had, in words that say what to do and hold no secret. */
export type Content =
  | {
      readonly data: Readonly<Record<string, string>>
      /** Why it is not as new as it should be: the store cannot or will not give it, and what was last read still holds. */
      readonly trouble?: string
    }
  | {
      readonly problem: string
      /** The store answered that there is no such thing. */
      readonly missing: boolean
      /** The store cannot answer now: nothing is known of the content. */
      readonly passing?: boolean
    }

/** What one reading gave. */
export type Read = Content & {
  /** When it is to be read again (epoch ms), where that is not the usual time: on its lease, before a token ends. */
  readonly renewAt?: number
  /** Its server did not answer at all, so that nothing else it has can be read just now. */
  readonly down?: boolean
}

/** One thing to read from a store. Equal keys are read once for everyone. */
export interface Item {
  /** Names what is read, from where and as whom; secrets enter it as a digest. */
  readonly key: string
  /** The server it is read from: one that hangs delays no other. */
  readonly lane: string
  /** Reads it once; never rejects. */
  read(signal: AbortSignal): Promise<Read>
}

/** The lane of what the API server answers. */
export const clusterLane = 'cluster'

/** After this much of its life a token or a lease is had anew (0 to 1): a failure then leaves time for another try. */
export const renewAfter = 0.7
