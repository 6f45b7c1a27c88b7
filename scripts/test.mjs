// `npm test`: installs, builds, starts the servers and runs all tests.
//
//     npm test -- [engine] [javascript] [local] [--as-is]
//
// `engine` or `javascript` runs one of the two; `local` runs the JavaScript tests that need no servers. With `--as-is`
// the addon that lies here is tested, whatever it was built from: a downloaded one, for example.

import { Failure, heading, main } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { engineSuite, javascriptSuite, summarise } from './lib/suites.mjs'
import { withServers } from './lib/with-servers.mjs'

const suites = {
  engine: { title: 'engine (cargo test)', run: engineSuite },
  javascript: { title: `JavaScript (node ${process.version})`, run: javascriptSuite },
}

/** Runs suites one after the other, also after one failed. */
async function runAll(names, context) {
  const outcomes = []
  for (const name of names) {
    const { title, run } = suites[name]
    heading(title)
    outcomes.push([title, await run(context)])
  }
  summarise(outcomes)
}

await main(async () => {
  const args = process.argv.slice(2)
  const asIs = args.includes('--as-is')
  const names = args.filter((arg) => arg !== '--as-is')
  const unknown = names.find((name) => name !== 'local' && !Object.hasOwn(suites, name))
  if (unknown !== undefined) throw new Failure(`there is no suite ${unknown}, only ${Object.keys(suites).join(', ')}, local`)
  await setup({ addon: asIs ? 'as is' : 'fresh' })
  if (names.includes('local')) {
    await runAll(['javascript'], { env: process.env, local: true })
  } else {
    await withServers({}, (context) => runAll(names.length === 0 ? Object.keys(suites) : names, context))
  }
})
