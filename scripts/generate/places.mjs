// A new store is added in few places: examples/store-map/places.patch has those of the example, beside its own folder.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure, must, root } from '../lib/run.mjs'
import { declared } from './declared.mjs'
import { withTables } from './option-tables.mjs'
import { withInterfaces } from './option-types.mjs'

const most = 10
/** What Cargo and `npm run generate` write. */
const written = ['Cargo.lock', 'index.d.ts']

const patch = join(root, 'examples', 'store-map', 'places.patch')
const sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'crates', 'examples', 'src', 'index.d.ts']

/** Makes `folder` a copy of the sources in which the example is a store of RedKV. */
async function addTo(folder, places) {
  for (const path of [...sources, ...places]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  await must('git', ['apply', '--unsafe-paths', `--directory=${folder}`, patch], { cwd: folder })
}

/** Checks that the types and the documents have the example when they are generated. */
async function isGenerated(folder) {
  const declarations = await declared({ folder, features: ['--no-default-features', '--features', 'map'] })
  const types = withInterfaces(readFileSync(join(folder, 'index.d.ts'), 'utf8'), declarations)
  const sections = readFileSync(join(folder, 'docs', 'stores.md'), 'utf8').split(/(?=^## )/m)
  const section = sections.find((text) => text.startsWith('## map\n')) ?? ''
  const documented = withTables(section, { interfaces: declarations.interfaces }, 'docs/stores.md', [])
  const expected = [
    [types, /interface MapOptions \{[^}]*maxKeyBytes\?: number \| undefined/],
    [types, /type StoreName = .*'map'/],
    [documented, /^\| `maxKeyBytes` \| number, 1 to 65,536 \| 1024 \| The longest key/m],
  ]
  const missing = expected.filter(([text, pattern]) => !pattern.test(text)).map(([, pattern]) => String(pattern))
  if (missing.length > 0) throw new Failure(`the example is added, but nothing fits ${missing.join(', ')}`)
}

/** A new store touches few places, CONTRIBUTING names each, and what is generated has it then. */
export async function aStoreNeedsFewPlaces() {
  const places = [...readFileSync(patch, 'utf8').matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path]) => path)
  const all = [...places, ...written]
  if (all.length > most) throw new Failure(`the example touches ${all.length} places: ${all.join(', ')}`)
  const contributing = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const section = /^## Add a store$([^]*?)^## /m.exec(contributing)[1]
  const unnamed = all.filter((path) => !section.includes(`\`${path}\``))
  if (unnamed.length > 0) throw new Failure(`CONTRIBUTING.md does not name ${unnamed.join(', ')} under "Add a store"`)
  const folder = mkdtempSync(join(tmpdir(), 'redkv-places-'))
  try {
    await addTo(folder, places)
    await isGenerated(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
