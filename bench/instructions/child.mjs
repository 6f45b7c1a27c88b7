// One workload, `count` times: `node child.mjs PACKAGE WORKLOAD COUNT`. Started by bench/instructions.mjs.

import { createRequire } from 'node:module'
import { join } from 'node:path'

const [packageFolder, workload, count] = process.argv.slice(2)
const RedKV = createRequire(import.meta.url)(join(packageFolder, 'index.js'))
const [store, operation] = workload.split(' ')
const keys = Array.from({ length: 100 }, (_, index) => `instructions:${index}`)
const value = 'A value of forty bytes, as many of them.'
const entries = keys.map((key) => [key, value])

const operations = {
  get: (kv) => kv.get(keys[7]),
  set: (kv) => kv.set(keys[7], value),
  getMany: (kv) => kv.getMany(keys),
  setMany: (kv) => kv.setMany(entries),
}

const kv = new RedKV()
kv.addStore(store, store === 'redis' ? { url: process.env.REDKV_TEST_REDIS_URL } : {})
await kv.setMany(entries)
for (let done = 0; done < Number(count); done += 1) await operations[operation](kv)
await kv.close()
