import { Command, Option } from 'commander'
import packageJson from '../../../package.json' with { type: 'json' }
import { heeding, systemClock } from '../../clock.ts'
import type { Ebb } from '../../compose/ebb.ts'
import { options } from '../../options.ts'

/** `ebb run`: the controller on a cluster. Its options are the table of options.ts. */
export function runCommand(signal: AbortSignal): Command {
  const command = new Command('run').description('run the controller on a Kubernetes cluster')
  for (const described of Object.values<Described>(options)) command.addOption(optionOf(described))
  return command.action(async (flags: Record<string, string | boolean | undefined>) => {
    const [{ configOf, unheeded }, { createLog }, { openKube }, { openEbb }] = await Promise.all([
      import('../../config.ts'),
      import('../../log.ts'),
      import('../../kube/open.ts'),
      import('../../compose/ebb.ts'),
    ])
    const config = configOf(byName(flags), process.env)
    const log = createLog(config.logLevel)
    for (const variable of unheeded(process.env)) log.warn({ variable }, 'has no effect in Ebb')
    const random = Math.random
    const { version } = packageJson
    const start = async (): Promise<Ebb> => {
      const open = openKube({ kubeconfig: config.kubeconfig, clock: systemClock, random })
      // a command that gives credentials may hang
      const cluster = await heeding(signal, open)
      return openEbb({ config, cluster, clock: systemClock, log, random, version }, signal)
    }
    const ebb = await start().catch((error: unknown) => {
      // whatever it was, it is not wanted any more
      if (signal.aborted) return undefined
      throw error
    })
    if (!ebb) return log.info('asked to end before it had started')
    await ended(signal)
    await ebb.close()
  })
}

interface Described {
  readonly flag: string
  readonly value?: string
  readonly doc: string
  readonly env: string
  readonly kedaEnv?: string
  readonly several?: true
}

/** An option as commander takes it, as the table describes it; what is given is for `configOf` to read. */
export function optionOf({ flag, value, doc, env, kedaEnv, several }: Described): Option {
  const variables = [env, kedaEnv].filter((name) => name !== undefined).join(', ')
  const option = new Option(
    `${flag}${value === undefined ? '' : ` <${value}>`}`,
    `${doc} [${variables}]`,
  )
  return several ? option.argParser(joined) : option
}

/** An option that was given twice says the same as one list. */
const joined = (text: string, before?: string): string =>
  before === undefined ? text : `${before},${text}`

type Given = Readonly<Record<string, string | boolean | undefined>>

/** What was given by the names of options.ts: commander keeps `--no-x` as `x: false`, and `x: true` where it was not given. */
export const byName = (flags: Given): Given =>
  Object.fromEntries(
    Object.entries<Described>(options).map(([name, described]) => {
      const option = optionOf(described)
      const given = flags[option.attributeName()]
      return [name, option.negate ? given === false || undefined : given]
    }),
  )

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
