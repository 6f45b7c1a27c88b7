// `npm run demo`: everything from a fresh clone to the running example.

import { main, root, run } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'

await main(async () => {
  await setup()
  const { code } = await run(process.execPath, ['examples/demo.js', ...process.argv.slice(2)], { cwd: root })
  process.exitCode = code
})
