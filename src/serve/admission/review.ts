import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { type JudgedKind } from '../../admission/judge.ts'
import { fieldText, type Problem, shown } from '../../admission/problem.ts'

const object = z.looseObject({})
const reviewShape = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(128),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
    subResource: z.string().nullish(),
    namespace: z.string().nullish(),
    operation: z.string(),
    dryRun: z.boolean().nullish(),
    object: object.nullish(),
    oldObject: object.nullish(),
  }),
})

/** What the API server asks. */
export type Review = z.infer<typeof reviewShape>['request']

/** The question in the body; undefined where it is none about this kind. */
export function readReview(body: unknown, kind: JudgedKind): Review | undefined {
  const { data } = reviewShape.safeParse(body)
  const about = data?.request.kind
  return about?.group === 'keda.sh' && about.kind === kind ? data?.request : undefined
}

/**
 * What there is to judge. Where the spec stays as it is, at most the annotations, and those are warned of but never refused:
 * who pauses a workload, takes its finalizer off or labels it must not be told of a rule it broke before. What is being
 * deleted must be able to go.
 */
export function judgedPart(review: Review): 'all' | 'annotations' | 'nothing' {
  const { operation, subResource, object: after, oldObject } = review
  if (operation !== 'CREATE' && operation !== 'UPDATE') return 'nothing'
  if (subResource || !after || metadataOf(after)['deletionTimestamp'] !== undefined)
    return 'nothing'
  if (operation === 'CREATE' || !isDeepStrictEqual(after['spec'], oldObject?.['spec'])) return 'all'
  const [now, before] = [after, oldObject ?? {}].map((o) => metadataOf(o)['annotations'])
  return isDeepStrictEqual(now, before) ? 'nothing' : 'annotations'
}

const metadataOf = (
  object: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({
  ...Object(object['metadata']),
})

/** An AdmissionReview to send back. */
export interface Answer {
  readonly apiVersion: 'admission.k8s.io/v1'
  readonly kind: 'AdmissionReview'
  readonly response: {
    readonly uid: string
    readonly allowed: boolean
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
    readonly warnings?: readonly string[]
  }
}

/** API servers cut a warning at 256 characters, and all of them at 4096. */
const longestWarning = 256
const mostWarnings = 15
const longestMessage = 4096

/** Every refusal in one message, as KEDA gives the first; what is let in all the same comes as warnings. */
export function answer({ uid }: Review, problems: readonly Problem[]): Answer {
  const refused = problems.filter(({ weight }) => weight === 'refused')
  const warnings = problems
    .filter(({ weight }) => weight !== 'refused')
    .slice(0, mostWarnings)
    .map(({ path, message }) => shown(`${fieldText(path)}: ${message}`, longestWarning - 1))
  // an absent target keeps the code that the API server gave KEDA
  const absent = refused.length > 0 && refused.every(({ rule }) => rule === 'missing-target')
  const message = shown(refused.map((problem) => problem.message).join('; '), longestMessage)
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: refused.length === 0,
      ...(refused.length > 0 && {
        status: absent
          ? { code: 404, reason: 'NotFound', message }
          : { code: 403, reason: 'Forbidden', message },
      }),
      ...(warnings.length > 0 && { warnings }),
    },
  }
}
