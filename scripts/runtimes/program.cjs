'use strict'

// Run by scripts/runtimes.mjs, under runtimes that are not Node.js.

const assert = require('node:assert')
const RedKV = require('../..')

async function use(close) {
  const kv = new RedKV()
  kv.addStore('memory')
  const sqlite = kv.addStore('sqlite', { path: ':memory:' })
  const keys = Array.from({ length: 100 }, (_, index) => `key${index}`)
  await Promise.all(keys.map((key) => kv.set(key, key)))
  assert.deepEqual(await sqlite.getMany([...keys, 'none']), [...keys, null])
  for (const key of keys) assert.equal(await sqlite.get(key), key)
  await assert.rejects(kv.get(null), { code: 'ERR_REDKV_ARGUMENT' })
  if (close) await kv.close()
}

async function run(end) {
  await use(end === 'close')
  if (end === 'again') for (let n = 0; n < 20; n += 1) await use(true)
  if (end === 'exit') process.exit()
}

run(process.argv[2])
