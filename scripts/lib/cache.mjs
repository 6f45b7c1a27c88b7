// What the tests download or build once: kept between runs, outside the repository.

import { homedir } from 'node:os'
import { join } from 'node:path'

const home = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')

/** The folder of one thing in the cache; its name holds the thing's version. */
export function cached(name) {
  return join(home, 'redkv-test', name)
}
