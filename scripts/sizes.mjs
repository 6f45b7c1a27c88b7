// `npm run sizes`: how large the addon is, and how much of that each store is.
//
//     npm run sizes -- [--write]
//
// Builds the released addon with all stores, then once more without each of them: some minutes for each. What two
// stores share counts for neither. With `--write` the table goes into docs/performance/sizes.md.

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

function row(what, bytes, difference) {
  return `| ${what} | ${bytes.toLocaleString('en')} | ${difference === undefined ? '' : difference.toLocaleString('en')} |`
}

await main(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
  const all = storeFeatures()
  heading(`The addon with ${all.join(', ')}`)
  const whole = await bytesWith(all)
  const rows = [row('all of it', whole)]
  for (const name of all) {
    heading(`The addon without ${name}`)
    const rest = await bytesWith(all.filter((other) => other !== name))
    rows.push(row(`without \`${name}\``, rest, whole - rest))
  }
  heading('The addon with memory alone')
  rows.push(row('`memory` alone', await bytesWith(['memory'])))
  const table = ['| the addon, stripped | bytes | less by |', '|---|---:|---:|', ...rows].join('\n')
  console.log(`\n${table}`)
  if (!values.write) return
  const intro =
    `Written by \`npm run sizes -- --write\` on ${process.platform} ${process.arch}. Every store is a feature of the\n` +
    'crate (`cargo build --no-default-features --features memory,redis`), and all are in the published addon. What\n' +
    'stores share, as TLS or the SDK of AWS, is gone only with the last of them, and counts for none.'
  const folder = join(root, 'docs', 'performance')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'sizes.md'), `# Size of the addon\n\n${intro}\n\n${table}\n`)
})
