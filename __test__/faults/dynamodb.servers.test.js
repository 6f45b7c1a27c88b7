'use strict'

// A DynamoDB that has not enough capacity, hangs or cannot be reached, as the source of truth after a Redis and alone.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { throttlingProxy } = require('../support/servers/dynamodb-proxy.js')
const { clientOptions, freshTable } = require('../support/servers/dynamodb.js')
const { settledWithin } = require('../support/deadline.js')
const { freshPrefix, server } = require('../support/fresh.js')
const { proxyTo, targetOf } = require('../support/servers/proxy.js')
const { rejectionOf } = require('../support/refused.js')
const { until } = require('../support/wait.js')

const emulator = () => server('REDKV_TEST_DYNAMODB_ENDPOINT')

/** How long an operation on the table may take, in milliseconds. */
const TIMEOUT = 1_000

/** A chain on a table of its own that is reached at `endpoint`; `elsewhere` is the same without what is in between. */
async function chain(t, endpoint, { cached = false, options = {}, tier = { timeout: 30_000 } } = {}) {
  const tableName = await freshTable(t, emulator())
  const redis = { url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }
  const [kv, elsewhere] = [new RedKV(), new RedKV()]
  t.after(() => Promise.all([kv.close(), elsewhere.close()]))
  if (cached) kv.addStore('redis', redis)
  const dynamodb = kv.addStore('dynamodb', { ...clientOptions(endpoint), tableName, ...options }, tier)
  elsewhere.addStore('dynamodb', { ...clientOptions(emulator()), tableName })
  await kv.ready()
  return { kv, dynamodb, elsewhere }
}

const entries = (count, value) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, `${value}-${n}`]))

describe('a table without enough capacity', () => {
  test('that refuses every third request is used without an error', async (t) => {
    const proxy = await throttlingProxy(t, emulator())
    const { kv, elsewhere } = await chain(t, proxy.endpoint)
    proxy.refuseWhen((_, count) => count % 3 === 0)
    for (let n = 0; n < 10; n += 1) {
      await kv.set(`key-${n}`, `value-${n}`)
      assert.equal(await kv.get(`key-${n}`), `value-${n}`)
    }
    await kv.delete('key-3')
    assert.ok(proxy.refused > 5)
    assert.deepEqual(await elsewhere.getMany(['key-2', 'key-3', 'key-9']), ['value-2', null, 'value-9'])
  })

  test('that refuses everything is a retryable error of that store, and nothing was done', async (t) => {
    const proxy = await throttlingProxy(t, emulator())
    const { kv, elsewhere } = await chain(t, proxy.endpoint, { cached: true, options: { maxRetries: 0 } })
    await kv.set('kept', 'old')
    proxy.refuseWhen(() => true)
    const expected = { code: 'ERR_REDKV_STORE', store: 'dynamodb', retryable: true, message: /throttled/ }
    await assert.rejects(kv.set('kept', 'new'), { ...expected, operation: 'set' })
    await assert.rejects(kv.delete('kept'), { ...expected, operation: 'delete' })
    await assert.rejects(kv.get('cold'), { ...expected, operation: 'get' })
    const error = await rejectionOf(() => kv.setMany({ kept: 'newer', other: 'newer' }))
    assert.deepEqual([error.code, error.retryable, error.errors.size], ['ERR_REDKV_PARTIAL', true, 2])
    assert.equal(await kv.get('kept'), 'old')
    proxy.refuseWhen(() => false)
    assert.deepEqual(await kv.getMany(['kept', 'other']), ['old', null])
    assert.equal(await elsewhere.get('kept'), 'old')
  })

  test('that leaves items of a batch unprocessed gets all of them in the end', async (t) => {
    const proxy = await throttlingProxy(t, emulator())
    const { kv, elsewhere } = await chain(t, proxy.endpoint)
    proxy.keepOfBatches(7)
    const all = entries(40, 'value')
    await kv.setMany(all)
    assert.ok(proxy.leftOut > 0)
    const keys = Object.keys(all)
    assert.deepEqual(await elsewhere.getMany(keys), Object.values(all))
    const before = proxy.leftOut
    assert.deepEqual(await kv.getMany([...keys, 'missing']), [...Object.values(all), null])
    assert.ok(proxy.leftOut > before)
    await kv.deleteMany(keys.slice(0, 30))
    assert.deepEqual(await elsewhere.getMany(keys), [...Array(30).fill(null), ...Object.values(all).slice(30)])
  })

  test('that processes nothing of any batch fails for each key within the timeout, and nothing was done', async (t) => {
    const proxy = await throttlingProxy(t, emulator())
    const { kv, elsewhere } = await chain(t, proxy.endpoint, { tier: { timeout: TIMEOUT } })
    const all = entries(3, 'value')
    await kv.setMany(all)
    proxy.keepOfBatches(0)
    const { error: write } = await settledWithin(TIMEOUT, kv.setMany(entries(3, 'newer')))
    const { error: read } = await settledWithin(TIMEOUT, kv.getMany(Object.keys(all)))
    for (const { code, retryable, errors } of [write, read]) {
      assert.deepEqual([code, retryable, errors.size], ['ERR_REDKV_PARTIAL', true, 3])
      for (const error of errors.values()) assert.match(error.code, /^ERR_REDKV_(TIMEOUT|STORE)$/)
    }
    assert.deepEqual(read.values, [undefined, undefined, undefined])
    assert.deepEqual(await elsewhere.getMany(Object.keys(all)), Object.values(all))
    // A single item is no batch.
    assert.equal(await kv.get('key-1'), 'value-1')
  })
})

describe('a table that cannot be reached', () => {
  const unreachable = {
    'because connections are refused': (proxy) => {
      proxy.refuse()
      proxy.cut()
    },
    'because it hangs': (proxy) => proxy.swallow(),
    'because it answers garbage': (proxy) => proxy.talkNonsense(),
    'because every answer is lost': (proxy) => proxy.loseReplies(Infinity),
  }

  for (const [name, begin] of Object.entries(unreachable)) {
    test(`${name} fails within its timeout, its cache serves on, and it is used again within 5 s`, async (t) => {
      const proxy = await proxyTo(t, targetOf(emulator()))
      const endpoint = `http://127.0.0.1:${proxy.port}`
      const { kv, elsewhere } = await chain(t, endpoint, { cached: true, tier: { timeout: TIMEOUT } })
      await kv.setMany({ cached: 'value', kept: 'old' })
      begin(proxy)
      const codes = new Set()
      for (let n = 0; n < 5; n += 1) {
        const operations = [kv.get('cold'), kv.set(`new-${n}`, 'value'), kv.delete(`old-${n}`), kv.has('cold')]
        for (const { error } of await Promise.all(operations.map((operation) => settledWithin(TIMEOUT, operation)))) {
          assert.deepEqual([error.store, error.retryable], ['dynamodb', true], error.message)
          codes.add(error.code)
        }
        assert.equal((await settledWithin(0, kv.get('cached'))).value, 'value')
      }
      for (const code of codes) assert.match(code, /^ERR_REDKV_(CONNECTION|TIMEOUT)$/)
      proxy.pass()
      if (name.includes('refused')) await proxy.accept()
      const begun = performance.now()
      await until(() => kv.set('again', 'value').then(() => true, () => false))
      const took = performance.now() - begun
      assert.ok(took < 5_000, `it was used again after ${Math.round(took)} ms`)
      assert.deepEqual(await elsewhere.getMany(['kept', 'again']), ['old', 'value'])
    })
  }
})
