// Installs the development tools and builds the addon where that is needed; does nothing, fast, where it is not.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOfFile, digestOfSources, isInstalled } from './fresh.mjs'
import { addonFile } from './platform.mjs'
import { heading, must, npm, root } from './run.mjs'

/** What the last release build was made from and what it gave. A debug build or a copied file does not match it. */
const stampFile = join(root, 'target', 'redkv-addon.json')

function json(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Installs the development tools. */
export async function install(signal) {
  const installed = json(join(root, 'node_modules', '.package-lock.json'))
  if (installed && isInstalled(json(join(root, 'package-lock.json')), installed)) return
  heading('Installing the development tools (npm ci)')
  await must(...npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'), { signal })
}

function state() {
  return {
    addon: digestOfFile(join(root, addonFile)),
    generated: digestOfFile(join(root, 'binding.d.ts')),
    sources: digestOfSources(root),
  }
}

/** Builds the addon. With `quiet` the output of the build is only shown when it fails. */
export async function build({ signal, quiet = false } = {}) {
  const before = state()
  const stamp = json(stampFile)
  const fresh = before.addon !== undefined && Object.keys(before).every((part) => stamp?.[part] === before[part])
  if (fresh) return
  heading('Building the addon (release; the first time takes some minutes)')
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit'
  await must(...npm('run', '--silent', 'build'), { signal, stdio })
  mkdirSync(join(root, 'target'), { recursive: true })
  writeFileSync(stampFile, JSON.stringify(state()))
}

/** Installs and builds. With `addon: 'as is'` the addon that lies here is used, whatever it was built from. */
export async function setup({ addon = 'fresh', signal } = {}) {
  await install(signal)
  if (addon === 'fresh') await build({ signal })
}
