// `npm test`: installs, builds, starts the servers and runs all tests.
//
//     npm test -- [engine] [javascript] [local] [--as-is]
//
// `engine` or `javascript` runs one of the two; `local` runs the JavaScript tests that need no servers. With `--as-is`
// the addon that lies here is tested, whatever it was built from: a downloaded one, for example.

import { Failure, heading, main } from './lib/run.mjs'
import { build, install } from './lib/setup.mjs'
import { printTimes, timed } from './lib/steps.mjs'
import { engineSuite, javascriptSuite, summarise } from './lib/suites.mjs'
import { withServers } from './lib/servers/with-servers.mjs'

const suites = {
  engine: { title: 'engine (cargo test)', run: engineSuite },
  javascript: { title: `JavaScript (node ${process.version})`, run: javascriptSuite },
}

/** Runs suites one after the other, also after one failed. JavaScript waits until the addon is there. */
async function runAll(names, { addon, ...context }) {
  const outcomes = []
  for (const name of names) {
    const { title, run } = suites[name]
    if (name === 'javascript') await timed('the addon, from when the tests waited for it', () => addon)
    heading(title)
    outcomes.push([title, await timed(title, () => run(context))])
  }
  summarise(outcomes)
  printTimes()
}

await main(async () => {
  const args = process.argv.slice(2)
  const asIs = args.includes('--as-is')
  const given = args.filter((arg) => arg !== '--as-is')
  const unknown = given.find((name) => name !== 'local' && !Object.hasOwn(suites, name))
  if (unknown !== undefined) throw new Failure(`there is no suite ${unknown}, only ${Object.keys(suites).join(', ')}, local`)
  const local = given.includes('local')
  const names = local ? ['javascript'] : given.length === 0 ? Object.keys(suites) : given
  await install()
  // The addon is linked on one processor: meanwhile the engine's tests are built and wait for their servers.
  const aside = names[0] === 'engine'
  const ended = new AbortController()
  const addon = asIs || !names.includes('javascript') ? undefined : build({ quiet: aside, signal: ended.signal })
  if (!aside) await addon
  addon?.catch(() => {})
  try {
    if (local) await runAll(names, { env: process.env, local: true })
    else await withServers({}, (context) => runAll(names, { ...context, addon }))
  } finally {
    ended.abort(new Failure('the tests ended before the addon was built'))
  }
})
