import { flag, int32, int64, named, object, open, list, type Schema, text } from './schema.ts'

const keyRef = (what: string): Schema =>
  object(
    `One key of a ${what}.`,
    { key: text('The key.') },
    {
      name: text(`Name of the ${what}.`),
      optional: flag('Whether it may be missing.'),
    },
  )

const wholeRef = (what: string): Schema =>
  object(
    `Every key of a ${what}.`,
    {},
    {
      name: text(`Name of the ${what}.`),
      optional: flag('Whether it may be missing.'),
    },
  )

/** What parameters that end in FromEnv are read from: the part of a container that Ebb itself reads. */
const container = open(
  'One container.',
  { name: text('Its name.') },
  {
    env: named(
      'Environment variables.',
      open(
        'One variable.',
        { name: text('Its name.') },
        {
          value: text('Its value.'),
          valueFrom: open(
            'Where its value comes from.',
            {},
            {
              secretKeyRef: keyRef('Secret'),
              configMapKeyRef: keyRef('ConfigMap'),
            },
          ),
        },
      ),
    ),
    envFrom: list(
      'Sources of many environment variables.',
      open(
        'One source.',
        {},
        {
          prefix: text('Put before each name.'),
          secretRef: wholeRef('Secret'),
          configMapRef: wholeRef('ConfigMap'),
        },
      ),
    ),
  },
)

/**
 * A Job's spec (batch/v1). Its pods are not spelled out: they reach the API server as they are when a Job is made, which judges them by
 * its own version's rules. Only what Ebb reads has a type here.
 */
export const jobSpec: Schema = open(
  'The Jobs to make: the spec of a batch/v1 Job.',
  {
    template: open(
      'The pods of a Job.',
      {},
      {
        metadata: open('Labels and annotations of the pods.'),
        spec: open('The spec of the pods.', {
          containers: named('The containers of a pod.', container),
        }),
      },
    ),
  },
  {
    parallelism: int32('How many pods of a Job may run at once.'),
    completions: int32('How many pods must succeed.'),
    completionMode: text('How completions are counted: NonIndexed or Indexed.'),
    activeDeadlineSeconds: int64('How long a Job may run, in seconds.'),
    backoffLimit: int32('How often a failed pod is tried again.'),
    backoffLimitPerIndex: int32('The same for one index.'),
    maxFailedIndexes: int32('How many indexes may fail.'),
    ttlSecondsAfterFinished: int32('How long a finished Job is kept, in seconds.'),
    suspend: flag('Make the Job without starting it.'),
    manualSelector: flag('Choose pods by selector.'),
    selector: open('Which pods belong to a Job.'),
    podFailurePolicy: open('What a failed pod means.'),
    podReplacementPolicy: text('When a pod is replaced: TerminatingOrFailed or Failed.'),
    successPolicy: open('When a Job counts as succeeded.'),
    managedBy: text('The controller that runs the Job.'),
  },
)
