// Installs what is measured.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled } from '../../scripts/lib/fresh.mjs'
import { heading, must, npm, root } from '../../scripts/lib/run.mjs'
import { setup } from '../../scripts/lib/setup.mjs'

const folder = join(root, 'bench')
const json = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'))

/** Builds the addon, unless it is to be measured as it is, and installs the packages that it is compared with. */
export async function prepare({ asIs }) {
  await setup({ addon: asIs ? 'as is' : 'fresh' })
  const note = 'node_modules/.package-lock.json'
  if (existsSync(join(folder, note)) && isInstalled(json('package-lock.json'), json(note))) return
  heading('Installing the packages to compare with (npm ci)')
  await must(...npm('ci', '--no-audit', '--no-fund', '--loglevel=error'), { cwd: folder })
}
