// What it takes to load the addon, and how many threads there are from then on.

import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { addonFile } from '../../scripts/lib/platform.mjs'
import { root } from '../../scripts/lib/run.mjs'
import { redisUrl } from '../clients/address.mjs'

/** How many threads this process has; NaN where the system does not tell. */
function threads() {
  try {
    return readdirSync('/proc/self/task').length
  } catch {
    return NaN
  }
}

export default async function start() {
  const require = createRequire(import.meta.url)
  const before = performance.now()
  const RedKV = require('../..')
  const requireMillis = performance.now() - before
  const atRest = threads()
  const kv = new RedKV()
  const made = threads() - atRest
  kv.addStore('memory')
  await kv.set('key', 'value')
  await kv.get('key')
  const memory = threads() - atRest
  kv.addStore('redis', { url: redisUrl })
  await kv.set('key', 'value')
  const redis = threads() - atRest
  await kv.close()
  const addonBytes = statSync(join(root, addonFile)).size
  return { requireMillis, addonBytes, threadsMade: made, threadsWithMemory: memory, threadsWithRedis: redis }
}
