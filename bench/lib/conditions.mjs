// Where and with what it was measured.

import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/lib/run.mjs'

const json = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'))

const load = () => Number(loadavg()[0].toFixed(2))

/** The versions of the packages, as they are installed. */
function packages() {
  const names = Object.keys(json('bench', 'package.json').dependencies)
  return Object.fromEntries(
    names.map((name) => {
      const { name: real, version } = json('bench', 'node_modules', name, 'package.json')
      return [real === name ? name : `${real} (${name})`, version]
    })
  )
}

/** What there is to say before the measurements; `after()` gives all of it when they are done. */
export function conditions({ options, versions: others = {} }) {
  const processors = cpus()
  const before = load()
  const versions = { redkv: json('package.json').version, ...packages(), ...others }
  const fixed = {
    date: new Date().toISOString().slice(0, 10),
    cpu: processors[0].model.trim(),
    cores: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    versions,
    options
  }
  return { after: () => ({ ...fixed, load: { before, after: load() } }) }
}
