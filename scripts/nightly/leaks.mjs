// `npm run test:leaks`: an hour of traffic with faults, after which the process takes no more than before.
//
//     npm run test:leaks -- [--rounds <number>] [--as-is]
//
// The hour has 75 rounds; fewer of them find what grows fast.

import { parseArgs } from 'node:util'
import { Failure, main, run } from '../lib/run.mjs'
import { setup } from '../lib/setup.mjs'
import { withServers } from '../lib/servers/with-servers.mjs'

// The space of young objects has its full size from the beginning. V8 enlarges it at some time, by 16 MiB, which is no leak.
const flags = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '75' }, 'as-is': { type: 'boolean' } } })
  if (!/^\d+$/.test(values.rounds) || Number(values.rounds) < 9) throw new Failure('--rounds takes a number from 9 on')
  await setup({ addon: values['as-is'] ? 'as is' : 'fresh' })
  await withServers({ only: ['redis', 'dynamodb'] }, async ({ env, signal }) => {
    const { code } = await run(process.execPath, [...flags, '__test__/leaks/run.js', values.rounds], { env, signal })
    process.exitCode = code
  })
})
