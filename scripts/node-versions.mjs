// `npm run test:node-versions`: the JavaScript tests of what differs between versions of Node.js (promises, workers, exits,
// module loading …), under every Node.js that package.json promises.
//
//     npm run test:node-versions -- [22 …] [--all] [--others] [--as-is]
//
// With `--all` all JavaScript tests run. With `--others` the major version that runs this is left out: `npm test` is for
// that one. With `--as-is` the addon that lies here is tested, whatever it was built from.

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './lib/cache.mjs'
import { Failure, heading, main, must, npm, read } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'
import { printTimes, timed } from './lib/steps.mjs'
import { javascriptSuite, summarise } from './lib/suites.mjs'
import { withServers } from './lib/servers/with-servers.mjs'

const versions = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

/**
 * The path of a Node.js, downloaded once and kept in the cache: from the package that holds the program of one
 * platform, which is what the npm package `node` would install.
 */
async function nodeProgram(version) {
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const folder = cached(`node-${version}`)
  const path = join(folder, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
  if (!existsSync(path)) {
    heading(`Downloading Node.js ${version} (once)`)
    mkdirSync(folder, { recursive: true })
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await must(...npm('install', '--prefix', folder, ...flags, `${name}@${version}`))
  }
  const found = (await read(path, ['--version'])).trim()
  if (found !== `v${version}`) throw new Failure(`${path} is Node.js ${found}, not v${version}`)
  return path
}

await main(async () => {
  const args = process.argv.slice(2)
  const majors = args.filter((arg) => !arg.startsWith('--'))
  const unknown = args.find((arg) => arg.startsWith('--') && !['--all', '--others', '--as-is'].includes(arg))
  if (unknown !== undefined) throw new Failure(`unknown option ${unknown}`)
  const own = args.includes('--others') ? process.versions.node.split('.')[0] : undefined
  const isWanted = (major) => major !== own && (majors.length === 0 || majors.includes(major))
  const chosen = versions.filter((version) => isWanted(version.split('.')[0]))
  if (chosen.length === 0) throw new Failure(`there is none of these, only ${versions.join(', ')}`)
  await setup({ addon: args.includes('--as-is') ? 'as is' : 'fresh' })
  const programs = []
  for (const version of chosen) programs.push([version, await nodeProgram(version)])
  await withServers({}, async ({ env, signal }) => {
    const outcomes = []
    for (const [version, node] of programs) {
      const title = `JavaScript (node v${version})`
      heading(title)
      const suite = () => javascriptSuite({ env, node, signal, everyNode: !args.includes('--all') })
      outcomes.push([title, await timed(title, suite)])
    }
    summarise(outcomes)
    printTimes()
  })
})
