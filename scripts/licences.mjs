// `npm run licences`: writes npm/THIRD-PARTY-LICENSES, the licence texts of everything that is linked into the addons.
//
//     npm run licences -- [--check | --stage]
//
// With `--check` it only says whether the file is up to date. With `--stage` it copies the file and our own licence into
// the package of each platform, which is what a release does.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { addLicences, thirdParty } from './lib/licence-files.mjs'
import { platforms } from './lib/platform.mjs'
import { Failure, main, must, root } from './lib/run.mjs'

const written = join(root, 'npm', thirdParty)

/** The package that becomes the addon. */
const addon = 'redkv-node'

const isText = (name) => /^(licen[cs]e|notice|unlicense|copyright)/i.test(name)
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** What is linked for one target: the crates that the addon reaches through what is no tool of the build. */
async function linked(target) {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', target]
  const { packages, resolve } = JSON.parse(await must('cargo', args, { stdio: ['ignore', 'pipe', 'inherit'] }))
  const byId = new Map(packages.map((found) => [found.id, found]))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const reached = new Set()
  const next = packages.filter(({ name }) => name === addon).map(({ id }) => id)
  while (next.length > 0) {
    const id = next.pop()
    const isTool = byId.get(id).targets.some(({ kind }) => kind.includes('proc-macro'))
    if (reached.has(id) || isTool) continue
    reached.add(id)
    const needed = nodes.get(id).deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null))
    next.push(...needed.map(({ pkg }) => pkg))
  }
  // A crate without a source is ours.
  return [...reached].map((id) => byId.get(id)).filter(({ source }) => source !== null)
}

/** The licence texts in a folder; of a crate that brings another project's sources, theirs too. */
function textsIn(folder, depth) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return depth > 0 ? textsIn(path, depth - 1) : []
    return isText(entry.name) ? [path] : []
  })
}

/** The texts that hold for a crate. Where it gives a choice, the shortest licence is taken. */
function textsOf({ name, license, links, manifest_path: manifest, authors, repository }) {
  const paths = textsIn(dirname(manifest), links === null ? 0 : 4).sort()
  const offersMit = /\bOR\b|\//.test(license) && /\bMIT\b/.test(license)
  const chosen = offersMit ? paths.filter((path) => /mit|notice|copyright/i.test(path.split(/[\\/]/).at(-1))) : paths
  const texts = (chosen.length > 0 ? chosen : paths).map((path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim())
  if (texts.length > 0) return texts
  if (!/\bMIT\b/.test(license)) throw new Failure(`${name} (${license}) brings no text of its licence`)
  return [`Copyright (c) ${authors.map((author) => author.replace(/ <.*>/, '')).join(', ') || `the authors of ${repository}`}\n\n${mit}`]
}

/** The whole file: each text once, under the names of those that it holds for. */
async function generate() {
  const crates = new Map()
  const { targets } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).napi
  for (const target of targets) {
    for (const found of await linked(target)) crates.set(`${found.name} ${found.version}`, found)
  }
  const holders = new Map([[`Copyright (c) The Rust Project Contributors\n\n${mit}`, ['the Rust standard library (MIT OR Apache-2.0)']]])
  for (const [title, found] of [...crates].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const text of textsOf(found)) holders.set(text, [...(holders.get(text) ?? []), `${title} (${found.license})`])
  }
  const line = '='.repeat(80)
  const head = `What is linked into the addons of RedKV, and under which licences. Written by \`npm run licences\`.
SQLite, which is linked too, is in the public domain.`
  const parts = [...holders].map(([text, names]) => `${line}\n${names.join('\n')}\n${line}\n\n${text}`)
  return `${[head, ...parts].join('\n\n')}\n`
}

await main(async () => {
  const [mode, ...more] = process.argv.slice(2)
  if (more.length > 0 || ![undefined, '--check', '--stage'].includes(mode)) throw new Failure('the options are --check or --stage')
  if (mode === '--stage') {
    for (const platform of platforms()) addLicences(join(root, 'npm', platform))
    return
  }
  const text = await generate()
  if (mode === undefined) writeFileSync(written, text)
  else if (readFileSync(written, 'utf8') !== text) throw new Failure(`npm/${thirdParty} is out of date: npm run licences`)
})
