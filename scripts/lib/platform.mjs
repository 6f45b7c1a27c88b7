// The platforms, in the names of the platform packages.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

/** All platforms that there is a package for. */
export function platforms() {
  const folders = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name)
}

/** The one that runs this, for example `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
export function platformName() {
  const { arch, platform, report } = process
  if (platform === 'linux') {
    return `linux-${arch}-${report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** The file of the addon of this platform. */
export const addonFile = `redkv.${platformName()}.node`
