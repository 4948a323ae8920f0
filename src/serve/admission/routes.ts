import type { FastifyReply, FastifyRequest } from 'fastify'
import { createJudge, type Judge, type JudgedKind, judgedKinds } from '../../admission/judge.ts'
import { inSpec, type Problem, shown } from '../../admission/problem.ts'
import type { ScaledObject, TriggerSpec } from '../../resources.ts'
import { refuse } from '../guard.ts'
import type { Server } from '../server.ts'
import { createAllowance } from './allowance.ts'
import { type FactSource, factsOf } from './facts.ts'
import { answer, judgedPart, readReview, type Review } from './review.ts'

/** Where the API server asks about a kind: KEDA's own paths. */
export const admissionPath = (kind: JudgedKind): string =>
  `/validate-keda-sh-v1alpha1-${kind.toLowerCase()}`

export interface AdmissionMeter {
  /** An object was judged; `reasons` are the rules it was refused by. */
  validated(
    kind: JudgedKind,
    namespace: string,
    action: 'create' | 'update',
    reasons: readonly string[],
  ): void
}

export interface AdmissionOptions {
  readonly facts: FactSource
  /** False in shadow mode, which lets everything pass without a word. */
  readonly writes: () => boolean
  readonly meter: AdmissionMeter
  readonly signal: AbortSignal
}

/** Twice the largest object that an API server stores, with what JSON makes of odd characters. */
export const largestReview = 8 * 1024 * 1024
const mebibyte = 1024 * 1024
const allowed = { perSecond: 2 * mebibyte, burst: 2 * largestReview, held: 4 * largestReview }

/**
 * The validating webhooks of the four kinds. Who asks is not asked, because API servers show webhooks no certificate and no
 * token unless they are configured to: a caller learns no more than whether an object would be let in. So the routes are
 * cheap, change nothing, and are bounded in all.
 */
export function serveAdmission(app: Server, o: AdmissionOptions): void {
  const judge = createJudge()
  const allowance = createAllowance(o.facts.clock, allowed)
  for (const kind of judgedKinds)
    app.post(
      admissionPath(kind),
      {
        config: { access: 'open' },
        bodyLimit: largestReview,
        // before the body is read, which is what costs
        async onRequest(request, reply) {
          const size = Number(request.headers['content-length'] ?? Number.NaN)
          const giveBack = Number.isSafeInteger(size) ? allowance.take(size) : undefined
          if (!giveBack) {
            reply.header('connection', 'close')
            await (Number.isSafeInteger(size)
              ? refuse(reply, 503, 'too many reviews at once')
              : refuse(reply, 411, 'Content-Length is required'))
            return reply
          }
          reply.raw.once('close', giveBack)
          return undefined
        },
      },
      (request, reply) => review(kind, request, reply, judge, o),
    )
}

async function review(
  kind: JudgedKind,
  request: FastifyRequest,
  reply: FastifyReply,
  judge: Judge,
  o: AdmissionOptions,
): Promise<unknown> {
  const asked = readReview(request.body, kind)
  if (!asked) return refuse(reply, 400, `not an AdmissionReview (admission.k8s.io/v1) of a ${kind}`)
  const part = o.writes() ? judgedPart(asked) : 'nothing'
  const found = part === 'nothing' ? [] : await judged(kind, asked, judge, o)
  const problems = part === 'annotations' ? found.flatMap(ofAnnotation) : found
  return reply.type('application/json').send(answer(asked, problems))
}

const ofAnnotation = (problem: Problem): readonly Problem[] =>
  problem.rule === 'annotation' ? [{ ...problem, weight: 'warning' }] : []

async function judged(
  kind: JudgedKind,
  asked: Review,
  judge: Judge,
  { facts: source, meter, signal }: AdmissionOptions,
): Promise<readonly Problem[]> {
  const { object, dryRun } = asked
  const namespace = asked.namespace ?? ''
  const { facts, kindMissing } = await factsOf(
    {
      namespace,
      triggers: triggersIn(object),
      scaledObject: kind === 'ScaledObject' ? scaledObjectIn(object) : undefined,
      dryRun: dryRun === true,
    },
    source,
    signal,
  )
  const found = judge.judge(kind, object, facts)
  const problems = kindMissing ? [...found, unknownKind(scaledObjectIn(object))] : found
  const reasons = problems.filter(({ weight }) => weight === 'refused').map(({ rule }) => rule)
  meter.validated(kind, namespace, asked.operation === 'CREATE' ? 'create' : 'update', reasons)
  return problems
}

function unknownKind(object: ScaledObject | undefined): Problem {
  const { apiVersion, kind } = object?.spec.scaleTargetRef ?? {}
  return inSpec(
    ['scaleTargetRef', 'kind'],
    'unknown-target',
    `the cluster has no kind ${shown(kind || 'Deployment')} in ${shown(apiVersion || 'apps/v1')}; correct spec.scaleTargetRef or install its CustomResourceDefinition`,
  )
}

/** What facts are looked up by. An object without this much form is refused for its form. */
function scaledObjectIn(object: Review['object']): ScaledObject | undefined {
  const spec = object?.['spec']
  if (!isTree(spec) || !isTree(spec['scaleTargetRef'])) return undefined
  const { name, kind, apiVersion } = spec['scaleTargetRef']
  const texts = [name, kind ?? '', apiVersion ?? ''].every((text) => typeof text === 'string')
  // The parts that are looked at are as they should be.
  return texts && triggersIn(object).length > 0 ? (object as unknown as ScaledObject) : undefined
}

function triggersIn(object: Review['object']): readonly TriggerSpec[] {
  const spec = object?.['spec']
  const triggers = isTree(spec) ? spec['triggers'] : undefined
  if (!Array.isArray(triggers)) return []
  const good = triggers.filter((t): t is TriggerSpec => isTree(t) && typeof t['type'] === 'string')
  return good.length === triggers.length ? good : []
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
