// `npm run generate`: writes what is made of the options as the engine declares them: their interfaces in index.d.ts, and
// the tables in docs/stores.md, docs/structures.md and docs/records.md, with what each store can do. `npm run check` refuses files that are out of date.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withCapabilities } from './generate/capability-rows.mjs'
import { declared } from './generate/declared.mjs'
import { withTables } from './generate/option-tables.mjs'
import { withInterfaces } from './generate/option-types.mjs'
import { main, root } from './lib/run.mjs'

function rewrite(path, change) {
  const file = join(root, path)
  const before = readFileSync(file, 'utf8')
  const after = change(before)
  if (after === before) return
  writeFileSync(file, after)
  console.log(`wrote ${path}`)
}

await main(async () => {
  const declarations = await declared()
  rewrite('index.d.ts', (text) => withInterfaces(text, declarations))
  const tables = (document, whole) => rewrite(document, (text) => withTables(text, declarations, document, whole))
  tables('docs/stores.md', declarations.stores.map((store) => store.options))
  rewrite('docs/stores.md', (text) => withCapabilities(text, declarations))
  tables('docs/structures.md', ['StructuresCommonOptions', 'StructuresCacheOptions'])
  tables('docs/records.md', ['RecordsTableOptions'])
})
