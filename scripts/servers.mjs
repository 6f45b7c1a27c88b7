// Runs a command while the test servers are up, with their addresses in its environment:
//
//     node scripts/servers.mjs [--only redis,dynamodb] [--] command [arguments…]
//
// Without a command the servers stay up until Ctrl-C.

import { once } from 'node:events'
import { Failure, heading, main, run } from './lib/run.mjs'
import { withServers } from './lib/servers/with-servers.mjs'

/** Splits our own options from the command. */
function parse(args) {
  const rest = [...args]
  let only
  if (rest[0] === '--only') {
    only = (rest[1] ?? '').split(',')
    rest.splice(0, 2)
  }
  if (rest[0] === '--') rest.shift()
  else if (rest[0]?.startsWith('-')) throw new Failure(`unknown option ${rest[0]}`)
  return { only, command: rest }
}

await main(async () => {
  const { only, command } = parse(process.argv.slice(2))
  await withServers({ only }, async ({ env, signal }) => {
    if (command.length === 0) {
      console.log('The servers are up until Ctrl-C.')
      // A signal alone does not keep a process alive.
      const alive = setInterval(() => {}, 60_000)
      await once(signal, 'abort').finally(() => clearInterval(alive))
      return
    }
    const [program, ...args] = command
    heading(command.join(' '))
    const { code } = await run(program, args, { env, signal, cwd: process.cwd() })
    process.exitCode = code
  })
})
