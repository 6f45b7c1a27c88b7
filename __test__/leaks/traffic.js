'use strict'

// One round of traffic: all kinds of operations, and what goes wrong around them.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { join } = require('node:path')
const { Worker } = require('node:worker_threads')
const RedKV = require('../..')

const keys = Array.from({ length: 2_000 }, (_, n) => `key-${n}`)
const texts = ['', 'short', 'grüße '.repeat(40), 'x'.repeat(4_000)]
const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)

/** What may go wrong while servers come and go. Anything else is a defect. */
const expected = new Set(['ERR_REDKV_TIMEOUT', 'ERR_REDKV_CONNECTION', 'ERR_REDKV_PARTIAL', 'ERR_REDKV_STORE', 'ERR_REDKV_VALUE'])

/** Counts operations and their failures. */
class Tally {
  operations = 0
  failures = 0

  /** Waits for operations, of which any may fail. */
  async all(promises) {
    this.operations += promises.length
    for (const { reason } of await Promise.allSettled(promises)) {
      if (reason === undefined) continue
      assert.ok(expected.has(reason.code), reason)
      this.failures += 1
    }
  }
}

const pick = (list, n) => list[(n * 7919) % list.length]

/** So many operations of all kinds on one chain, some at a time. */
async function operations(kv, tally, count, salt) {
  for (let n = 0; n < count; n += 100) {
    const some = (offset) => keys.slice((salt + n + offset) % 1_900).slice(0, 20)
    await tally.all([
      ...some(0).map((key, i) => kv.set(key, pick(texts, n + i))),
      ...some(7).map((key, i) => kv.set(key, `mortal ${n}`, { ttl: 50 + i })),
      ...some(3).map((key) => kv.get(key)),
      ...some(40).map((key) => kv.getBuffer(key)),
      ...some(10).slice(10).map((key) => kv.has(key)),
      ...some(5).slice(16).map((key) => kv.delete(key)),
      kv.set('bytes', bytes),
      kv.get('bytes'),
      kv.getMany(some(0)),
      kv.setMany(some(2).map((key) => [key, n])),
      kv.hasMany(some(1)),
      kv.deleteMany(some(60).slice(15)),
    ])
  }
}

/** Calls and stores that are refused at once. */
async function refusals(kv) {
  const wrong = [['memmory'], ['memory', { maxEntires: 1 }], ['redis', { url: 'http://h' }], ['sqlite', {}], ['memory', {}, { ttl: -1 }]]
  for (const args of wrong) assert.throws(() => new RedKV().addStore(...args), { code: 'ERR_REDKV_ARGUMENT' })
  const code = 'ERR_REDKV_ARGUMENT'
  await assert.rejects(kv.get({}), { code })
  await assert.rejects(kv.set('\ud800', 'lone'), { code })
  await assert.rejects(kv.set('key', 'value', { ttl: 'soon' }), { code })
  await assert.rejects(kv.setMany([['key', 1], ['key', {}]]), { code: /ARGUMENT|PARTIAL/ })
}

/** Instances that are closed, with and without something on its way, and instances that are only let go. */
async function instances(stores, tally) {
  for (const isClosed of [true, false, true, false]) {
    const kv = new RedKV()
    for (const [name, options, tier] of stores) kv.addStore(name, options, tier)
    const pending = tally.all([kv.set('instance', 'value'), kv.get('instance'), kv.getMany(['instance', 'none'])])
    if (isClosed) await kv.close()
    await pending
    if (isClosed) await assert.rejects(kv.get('instance'), { code: 'ERR_REDKV_CLOSED' })
  }
}

/** A worker that ends in the middle of its operations. */
async function worker(stores) {
  const worker = new Worker(join(__dirname, 'worker.js'), { workerData: stores })
  await once(worker, 'message')
  await worker.terminate()
}

module.exports = { Tally, instances, operations, refusals, worker }
