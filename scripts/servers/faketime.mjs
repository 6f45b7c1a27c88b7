// libfaketime, which shows a process another time of day: no server, but got as one, and its address is its path.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../lib/run.mjs'

const file = 'libfaketimeMT.so.1'

/** The folders in which distributions keep it: Debian has one for each architecture. */
function folders() {
  const lib = '/usr/lib'
  const inside = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : []
  return [...inside, '/usr/lib64', '/usr/local/lib'].map((folder) => join(folder, 'faketime'))
}

export const faketime = {
  name: 'faketime',
  variable: 'REDKV_TEST_FAKETIME_LIBRARY',
  async start(host) {
    await host.program('faketime', 'faketime')
    const library = folders()
      .map((folder) => join(folder, file))
      .find(existsSync)
    if (!library) throw new Failure(`${file} is missing, which belongs to faketime`)
    return library
  },
}
