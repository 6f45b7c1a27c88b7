// `npm run sizes`: how large the addon is, and how much each store adds to one with memory alone.
//
//     npm run sizes -- [--write]
//
// Builds the released addon with all stores, then with memory and one other store each: half an hour. What stores share,
// as TLS or the SDK of AWS, counts for each of them. With `--write` the table goes into docs/performance/sizes.md.

import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { storeFeatures } from './lib/features.mjs'
import { heading, main, must, root } from './lib/run.mjs'

const libraries = { linux: 'libredkv_node.so', darwin: 'libredkv_node.dylib', win32: 'redkv_node.dll' }

/** The bytes of the addon with these features. Built beside the addon that is in use, which stays as it is. */
async function bytesWith(names) {
  const target = join(root, 'target', 'sizes')
  const what = ['--release', '-p', 'redkv-node', '--lib', '--no-default-features', '--features', names.join(',')]
  await must('cargo', ['build', '-q', ...what, '--target-dir', target])
  return statSync(join(target, 'release', libraries[process.platform] ?? libraries.linux)).size
}

function row(what, bytes, more) {
  return `| ${what} | ${bytes.toLocaleString('en')} | ${more === undefined ? '' : more.toLocaleString('en')} |`
}

await main(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
  const all = storeFeatures()
  heading(`The addon with ${all.join(', ')}`)
  const whole = await bytesWith(all)
  heading('The addon with memory alone')
  const least = await bytesWith(['memory'])
  const rows = []
  for (const name of all.filter((name) => name !== 'memory')) {
    heading(`The addon with memory and ${name}`)
    const bytes = await bytesWith(['memory', name])
    rows.push({ bytes, line: row(`\`memory\` and \`${name}\``, bytes, bytes - least) })
  }
  rows.sort((a, b) => b.bytes - a.bytes)
  const lines = [row('all of it', whole), ...rows.map(({ line }) => line), row('`memory` alone', least)]
  const table = ['| the addon, stripped | bytes | more than `memory` alone |', '|---|---:|---:|', ...lines].join('\n')
  console.log(`\n${table}`)
  if (!values.write) return
  const intro =
    `Written by \`npm run sizes -- --write\` on ${process.platform} ${process.arch}. Every store is a feature of the\n` +
    'crate (`cargo build --no-default-features --features memory,redis`), and all are in the published addon. What\n' +
    'stores share, as TLS or the SDK of AWS, counts for each of them here, and is there once in the whole.'
  const folder = join(root, 'docs', 'performance')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'sizes.md'), `# Size of the addon\n\n${intro}\n\n${table}\n`)
})
