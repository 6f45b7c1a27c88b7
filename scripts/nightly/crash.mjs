// `npm run test:crash`: kills processes that write to `disk` and `file`, and checks what is left.
//
//     npm run test:crash -- [--kills <number>]
//
// 500 kills, or as many as it is told. Needs neither the addon nor servers.

import { Failure, main, run } from '../lib/run.mjs'

await main(async () => {
  const [option = '--kills', kills = '500', ...more] = process.argv.slice(2)
  if (option !== '--kills' || !/^[1-9]\d*$/.test(kills) || more.length > 0) throw new Failure('the only option is --kills <number>')
  const only = ['--no-default-features', '--features', 'memory,file,disk,conformance', '--test', 'crash']
  const { code } = await run('cargo', ['test', '-q', '-p', 'redkv', ...only, '--', option, kills])
  process.exitCode = code
})
