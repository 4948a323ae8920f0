import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { byName, runCommand } from '../../../src/cli/run/command.ts'
import { configOf } from '../../../src/config.ts'
import { options } from '../../../src/options.ts'

/** What the options come to when `ebb run` is given these arguments, and nothing by environment. */
function given(...args: readonly string[]): ReturnType<typeof configOf> {
  const command = runCommand(new AbortController().signal)
  command.parseOptions([...args])
  return configOf(byName(command.opts()), {})
}

describe('the options of ebb run', () => {
  test('a switch is off until it is given, also one that says no', () => {
    const none = given()
    assert.deepEqual([none.hold, none.noApiservice], [false, false])
    const both = given('--hold', '--no-apiservice')
    assert.deepEqual([both.hold, both.noApiservice], [true, true])
  })

  test('every option of the table is known to the command and described with its variable', () => {
    const help = runCommand(new AbortController().signal).helpInformation().replaceAll(/\s+/g, ' ')
    for (const { flag, env } of Object.values(options)) {
      assert.ok(help.includes(flag), flag)
      assert.ok(help.includes(env), env)
    }
  })

  test('a value reaches its option', () => {
    const config = given('--http-port', '0', '--watch-namespaces', 'a,b', '--mode', 'shadow')
    assert.deepEqual(
      [config.httpPort, config.watchNamespaces, config.mode],
      [0, ['a', 'b'], 'shadow'],
    )
  })
})
