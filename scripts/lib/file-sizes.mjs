// Files and folders of sources that a reader can take in: the bounds of "Style" in CONTRIBUTING.md.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { root } from './run.mjs'

const mostLines = 400
const mostFiles = 12

/** What is larger, and why it may be for now. An entry that is no longer needed is reported, too. */
const exceptions = {
  'crates/model/src': 'one file a concept, and the tests',
}

const isSource = (name) => /\.([cm]?[jt]s|rs)$/.test(name)

/** `[path, what is too large]` of `folder` and all in it. */
function* tooLarge(folder) {
  const path = relative(root, folder).replaceAll(sep, '/')
  const entries = readdirSync(folder, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && isSource(entry.name))
  if (files.length > mostFiles) yield [path, `${files.length} files`]
  for (const { name } of files) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').length - 1
    if (lines > mostLines) yield [`${path}/${name}`, `${lines} lines`]
  }
  for (const entry of entries) if (entry.isDirectory()) yield* tooLarge(join(folder, entry.name))
}

function sourceFolders() {
  const crates = readdirSync(join(root, 'crates')).flatMap((crate) => ['src', 'tests'].map((part) => join(root, 'crates', crate, part)))
  const own = ['src', 'lib', '__test__', 'scripts'].map((part) => join(root, part))
  return [...own, ...crates].filter((folder) => readdirSync(join(folder, '..')).includes(folder.split(sep).at(-1)))
}

/** Returns a line for each file and folder that is too large, and for each exception without a need. */
export function sizeFaults() {
  const found = new Map(sourceFolders().flatMap((folder) => [...tooLarge(folder)]))
  const needless = Object.keys(exceptions).filter((path) => !found.has(path))
  return [
    ...[...found].filter(([path]) => !Object.hasOwn(exceptions, path)).map(([path, size]) => `${path} has ${size}`),
    ...needless.map((path) => `${path} is an exception in scripts/lib/file-sizes.mjs and needs none`),
  ]
}
