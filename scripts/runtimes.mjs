// `npm run test:runtimes`: a short program under runtimes that are not Node.js, which have event loops and clean-up hooks of
// their own: it has to do its work and to end with 0.
//
//     npm run test:runtimes -- [--as-is]
//
// With `--as-is` the addon that lies here is tested, whatever it was built from.

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './lib/cache.mjs'
import { Failure, heading, main, must, npm, root, run } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'

const { arch, platform } = process

/** The packages that hold the programs, with where they are in there, and how they are called. */
const runtimes = {
  deno: { name: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}@2.9.6`, program: 'deno', args: ['run', '-A'] },
  bun: { name: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}@1.4.5`, program: 'bin/bun', args: [] },
}

/** How the program ends: after `close()`, by itself, by `process.exit()`, after many instances one after the other. */
const ends = ['close', 'by-itself', 'exit', 'again']

/** The path of a runtime, downloaded once and kept in the cache. */
async function programOf({ name, program }) {
  const folder = cached(name.replace(/[@/]+/g, '-').replace(/^-/, ''))
  const path = join(folder, 'node_modules', name.slice(0, name.lastIndexOf('@')), program)
  if (!existsSync(path)) {
    heading(`Downloading ${name} (once)`)
    mkdirSync(folder, { recursive: true })
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await must(...npm('install', '--prefix', folder, ...flags, name))
  }
  return path
}

await main(async () => {
  await setup({ addon: process.argv.includes('--as-is') ? 'as is' : 'fresh' })
  for (const [name, runtime] of Object.entries(runtimes)) {
    const path = await programOf(runtime)
    heading(name)
    for (const end of ends) {
      const program = join(root, 'scripts', 'runtimes', 'program.cjs')
      const { code, killedBy } = await run(path, [...runtime.args, program, end], { signal: AbortSignal.timeout(60_000) })
      if (code !== 0) throw new Failure(`${name} ends with ${killedBy ?? code}, where the program ends like this: ${end}`)
    }
    console.log(`works, and ends with 0: ${ends.join(', ')}`)
  }
})
