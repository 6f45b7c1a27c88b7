'use strict'

// A little of everything, for a slow machine that watches each access to memory. Started by `npm run test:memcheck`.

const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const RedKV = require('../..')
const { Tally, instances, operations, refusals, worker } = require('../leaks/traffic.js')

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-memcheck-'))
  const tier = { timeout: '1m', ttl: '1m' }
  const stores = [
    ['memory', { maxEntries: 100 }],
    ['redis', { url: process.env.REDKV_TEST_REDIS_URL, prefix: `memcheck-${process.pid}:`, connectTimeout: '1m' }, tier],
    ['sqlite', { path: join(folder, 'kv.sqlite'), expiresColumn: 'expires' }, { timeout: '1m' }],
  ]
  const kv = new RedKV()
  for (const [name, options, tier] of stores) kv.addStore(name, options, tier)
  const tally = new Tally()
  await operations(kv, tally, 300, 1)
  // One at a time is sent inline.
  for (let n = 0; n < 20; n += 1) await tally.all([kv.get(`single-${n}`)])
  await refusals(kv)
  await instances(stores, tally)
  for (let n = 0; n < 2; n += 1) await worker(stores)
  globalThis.gc()
  await kv.close()
  rmSync(folder, { recursive: true, force: true })
  console.log(`${tally.operations} operations, ${tally.failures} failed`)
}

main()
