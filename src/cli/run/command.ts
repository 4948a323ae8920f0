import { Command, Option } from 'commander'
import packageJson from '../../../package.json' with { type: 'json' }
import { systemClock } from '../../clock.ts'
import { options } from '../../options.ts'

/** `ebb run`: the controller on a cluster. Its options are the table of options.ts. */
export function runCommand(signal: AbortSignal): Command {
  const command = new Command('run').description('Run the controller on a Kubernetes cluster.')
  for (const { flag, value, doc, env, kedaEnv } of Object.values<Described>(options)) {
    const variables = [env, kedaEnv].filter((name) => name !== undefined).join(', ')
    command.addOption(
      new Option(`${flag}${value === undefined ? '' : ` <${value}>`}`, `${doc} [${variables}]`),
    )
  }
  return command.action(async (flags: Record<string, string | boolean | undefined>) => {
    const [{ configOf }, { createLog }, { openKube }, { openEbb }] = await Promise.all([
      import('../../config.ts'),
      import('../../log.ts'),
      import('../../kube/open.ts'),
      import('../../compose/ebb.ts'),
    ])
    const config = configOf(flags, process.env)
    const random = Math.random
    const cluster = await openKube({ kubeconfig: config.kubeconfig, clock: systemClock, random })
    const ebb = await openEbb(
      {
        config,
        cluster,
        clock: systemClock,
        log: createLog(config.logLevel),
        random,
        version: packageJson.version,
      },
      signal,
    )
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
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
