import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { isFailure, reasonOf } from '../errors.ts'
import { stopSignal } from './stop.ts'
import { diffCommand } from './diff/command.ts'
import { demoCommand } from './demo/command.ts'
import { explainCommand } from './explain/command.ts'
import { lintCommand } from './lint/command.ts'
import { rbacCommand } from './rbac/command.ts'
import { schemaCommand } from './schema/command.ts'
import { runCommand } from './run/command.ts'

function program(signal: AbortSignal): Command {
  return new Command('ebb')
    .description('Scales Kubernetes workloads from zero to n on the events that wait for them.')
    .version(packageJson.version, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addCommand(runCommand(signal))
    .addCommand(demoCommand(signal))
    .addCommand(explainCommand(signal))
    .addCommand(diffCommand(signal))
    .addCommand(rbacCommand(signal))
    .addCommand(lintCommand())
    .addCommand(schemaCommand())
}

/** What the user reads of a failure. Only a mistake in Ebb itself shows its stack. */
function complaint(error: unknown): string {
  const expected = isFailure(error) || (error instanceof Error && 'syscall' in error)
  if (expected) return `ebb: ${reasonOf(error)}`
  return `ebb: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

/** Runs one command; sets the exit code and prints at most one complaint. */
export async function main(argv: readonly string[]): Promise<void> {
  const stop = stopSignal(process)
  // the reader of a pipe may leave early, as `head` does
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  try {
    await program(stop.signal).parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode
    } else {
      console.error(complaint(error))
      process.exitCode = 1
    }
  } finally {
    stop.release()
  }
  // whatever was left behind after it had its time, such as a command for credentials that hangs, delays the end no further
  if (stop.signal.aborted && argv[2] === 'run') process.exit()
}
