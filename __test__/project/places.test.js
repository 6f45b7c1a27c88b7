'use strict'

// A new store is added in few places: examples/store-map/places.patch has those of the example, beside its own folder.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join, resolve } = require('node:path')
const { before, describe, test } = require('node:test')

const root = resolve(__dirname, '..', '..')
const patch = join(root, 'examples', 'store-map', 'places.patch')
const places = [...readFileSync(patch, 'utf8').matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path]) => path)

/** A copy of the sources in which the example is a store of RedKV. */
function added(t) {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-places-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const path of ['Cargo.toml', 'Cargo.lock', 'build.rs', 'crates', 'examples', 'src', ...places]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  cpSync(join(root, 'index.d.ts'), join(folder, 'index.d.ts'))
  execFileSync('git', ['apply', '--unsafe-paths', `--directory=${folder}`, patch], { cwd: folder })
  return folder
}

describe('a new store', () => {
  let lib
  before(async () => {
    const [{ declared }, { withInterfaces }, { withTables }] = await Promise.all(
      ['declared', 'option-types', 'option-tables'].map((name) => import(`../../scripts/generate/${name}.mjs`)),
    )
    lib = { declared, withInterfaces, withTables }
  })

  test('needs at most ten places outside of its folder and its tests, the two that are written by programs among them', () => {
    assert.ok(places.length + 2 <= 10, places.join('\n'))
  })

  test('has its places named in CONTRIBUTING', () => {
    const contributing = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    const section = /^## Add a store$([^]*?)^## /m.exec(contributing)[1]
    const unnamed = [...places, 'index.d.ts', 'Cargo.lock'].filter((path) => !section.includes(`\`${path}\``))
    assert.deepEqual(unnamed, [])
  })

  test('is in the types and in the documents when they are generated', { timeout: 600_000 }, async (t) => {
    const folder = added(t)
    const declarations = await lib.declared({ folder, features: ['--no-default-features', '--features', 'map'] })
    const types = lib.withInterfaces(readFileSync(join(folder, 'index.d.ts'), 'utf8'), declarations)
    assert.match(types, /interface MapOptions \{[^}]*maxKeyBytes\?: number \| undefined/)
    assert.match(types, /type StoreName = .*'map'/)
    const marker = '<!-- options of MapOptions -->'
    const section = readFileSync(join(folder, 'docs', 'stores.md'), 'utf8').split('\n## ').find((text) => text.includes(marker))
    const documented = lib.withTables(`${section}\n`, { stores: [], interfaces: declarations.interfaces })
    assert.match(documented, /^\| `maxKeyBytes` \| number, 1 to 65,536 \| 1024 \| The longest key/m)
  })
})
