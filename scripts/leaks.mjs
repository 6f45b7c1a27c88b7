// `npm run test:leaks`: an hour of traffic with faults, after which the process takes no more than before.
//
//     npm run test:leaks -- [--as-is]

import { main, run } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { withServers } from './lib/with-servers.mjs'

await main(async () => {
  await setup({ addon: process.argv.includes('--as-is') ? 'as is' : 'fresh' })
  await withServers({ only: ['redis', 'dynamodb'] }, async ({ env, signal }) => {
    const { code } = await run(process.execPath, ['--expose-gc', '__test__/leaks/run.js'], { env, signal })
    process.exitCode = code
  })
})
