import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { several, wholeNumber } from '../arguments.ts'

interface Given {
  readonly once?: boolean
  readonly apply?: readonly string[]
  readonly port?: number
  readonly messages: number
}

const maxMessages = 100_000

async function run(given: Given, signal: AbortSignal): Promise<void> {
  const [{ demo }, { openWorld }, { readManifests }] = await Promise.all([
    import('./demo.ts'),
    import('./world.ts'),
    import('../manifests.ts'),
  ])
  const manifests = given.apply && (await readManifests(given.apply))
  const options = {
    once: given.once ?? false,
    messages: given.messages,
    port: given.port,
    manifests,
  }
  const host = { clock: systemClock, out: process.stdout, env: process.env, openWorld }
  console.log(await demo(options, host, signal))
}

const sendCommand = (signal: AbortSignal): Command =>
  new Command('send')
    .description('put messages into the queue of the running demo')
    .argument('<count>', 'how many', wholeNumber(1, maxMessages))
    .option('--queue <name>', 'another queue than the first')
    .action(async (count: number, { queue }: { queue?: string }) => {
      const { send } = await import('./send.ts')
      console.log(await send(count, queue, process.env, signal))
    })

/** `ebb demo`: the main job on this machine alone. */
export const demoCommand = (signal: AbortSignal): Command =>
  new Command('demo')
    .description('show the main job here, without a cluster or an account')
    .option('--once', 'play one cycle, then exit: 0 when the workload went 0 -> 1 -> n -> 0')
    .option(
      '--apply <file>',
      'run your own ScaledObject instead; may be repeated, - is stdin',
      several,
    )
    .option(
      '--port <port>',
      'port of the page (8080, or another while that is taken)',
      wholeNumber(0, 65_535),
    )
    .option(
      '--messages <count>',
      'how many messages to begin with',
      wholeNumber(0, maxMessages),
      100,
    )
    .action((given: Given, command: Command) => {
      if (given.once && given.apply)
        command.error('error: --once plays the sample; it does not go with --apply')
      return run(given, signal)
    })
    .addCommand(sendCommand(signal))
