// The stores as features of the crates.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, root } from './run.mjs'

/** The features of the addon that are on unless they are left out: one for each store. */
export function storeFeatures() {
  const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8')
  const list = manifest.match(/^default = \[([^\]]*)\]/m)
  if (list === null) throw new Failure('Cargo.toml has no list of default features')
  return [...list[1].matchAll(/"([^"]+)"/g)].map(([, name]) => name)
}
