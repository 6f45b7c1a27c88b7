// The licence files that the package of each platform brings.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

/** The texts of all that is linked: written by `npm run licences`. */
export const thirdParty = 'THIRD-PARTY-LICENSES'

/** Copies them, and our own licence, into the folder of a package. */
export function addLicences(folder) {
  copyFileSync(join(root, 'npm', thirdParty), join(folder, thirdParty))
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}
