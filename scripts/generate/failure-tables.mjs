// `npm run docs:failures`: plays the tables of docs/failure-semantics.md and writes them into it. Needs redis-server.
// With `--as-is` it plays them with the addon that lies here.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, main, root } from '../lib/run.mjs'
import { setup } from '../lib/setup.mjs'

await main(async () => {
  await setup({ addon: process.argv.includes('--as-is') ? 'as is' : 'fresh' })
  const { place, tables } = (await import('../../__test__/support/documents/failure-table.js')).default
  const path = join(root, 'docs', 'failure-semantics.md')
  const afterwards = []
  try {
    let document = readFileSync(path, 'utf8')
    const played = await tables({ after: (end) => afterwards.unshift(end) })
    for (const [name, table] of Object.entries(played)) {
      if (!place(name).test(document)) throw new Failure(`${path} has no place for the table ${name}`)
      document = document.replace(place(name), () => table)
    }
    writeFileSync(path, document)
  } finally {
    for (const end of afterwards) await end()
  }
})
