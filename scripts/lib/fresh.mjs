// Whether what was installed and built still fits the sources: by content, not by time stamps.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

/** The crates of which nothing is in the addon. */
const forTests = ['model', 'testing']

/** Everything the addon is built from: files and folders of the repository. */
const sources = [
  '.cargo',
  'Cargo.lock',
  'Cargo.toml',
  'build.rs',
  ...readdirSync(join(root, 'crates'))
    .filter((name) => !forTests.includes(name))
    .flatMap((name) => [`crates/${name}/Cargo.toml`, `crates/${name}/src`]),
  'package-lock.json',
  'package.json',
  'rust-toolchain.toml',
  'src',
]

function* filesIn(folder, path) {
  const full = join(folder, path)
  if (!existsSync(full)) return
  if (!statSync(full).isDirectory()) {
    yield path
    return
  }
  for (const name of readdirSync(full).sort()) yield* filesIn(folder, `${path}/${name}`)
}

/** A digest of the names and contents of everything the addon is built from. */
export function digestOfSources(folder) {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const path of filesIn(folder, source)) {
      const content = readFileSync(join(folder, path))
      hash.update(`${path}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

/** A digest of one built file, or `undefined` when it is missing. */
export function digestOfFile(path) {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : undefined
}

/**
 * Whether `node_modules` holds what `package-lock.json` asks for: each package in its version, the optional ones
 * only when they are there.
 *
 * @param lock the parsed `package-lock.json`
 * @param installed the parsed `node_modules/.package-lock.json`, in which npm notes what it installed
 */
export function isInstalled(lock, installed) {
  const wanted = Object.entries(lock.packages).filter(([path]) => path !== '')
  const surplus = Object.keys(installed.packages).some((path) => lock.packages[path] === undefined)
  return (
    !surplus &&
    wanted.every(([path, { version, optional = false }]) => {
      const found = installed.packages[path]
      return found === undefined ? optional : found.version === version
    })
  )
}
