// `npm run docs:failures`: plays the tables of docs/failure-semantics.md and writes them into it. Needs redis-server.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import failureTable from '../__test__/support/failure-table.js'
import { Failure, main, root } from './lib/run.mjs'

await main(async () => {
  const path = join(root, 'docs', 'failure-semantics.md')
  const afterwards = []
  try {
    let document = readFileSync(path, 'utf8')
    const played = await failureTable.tables({ after: (end) => afterwards.unshift(end) })
    for (const [name, table] of Object.entries(played)) {
      const place = failureTable.place(name)
      if (!place.test(document)) throw new Failure(`docs/failure-semantics.md has no place for the table ${name}`)
      document = document.replace(place, () => table)
    }
    writeFileSync(path, document)
  } finally {
    for (const end of afterwards) await end()
  }
})
