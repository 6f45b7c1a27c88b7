'use strict'

// A peer that went away without a word costs its first few timeouts, and nothing after that.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { settledWithin } = require('../support/deadline.js')
const { TIMEOUT, siteOf } = require('../support/servers/redis-site.js')
const { eventually, until } = require('../support/wait.js')

/** So many reads, one after the other, past a tier that answers nothing: all in all they may take so long. */
const READS = 60
const ALL_IN_ALL = 6_000

const key = (n) => `cold-${n}`
const all = Object.fromEntries(Array.from({ length: READS }, (_, n) => [key(n), `value-${n}`]))

describe('a half-open Redis', () => {
  test('costs 60 cold reads in a row less than 6 s in all, where each may wait 300 ms', async (t) => {
    const site = await siteOf(t, 'redis', 'sqlite')
    const kv = await site.open()
    await eventually(() => kv.setMany(all))
    site.proxy.swallow()
    const begin = performance.now()
    for (let n = 0; n < READS; n += 1) assert.equal(await kv.get(key(n)), `value-${n}`)
    const took = performance.now() - begin
    assert.ok(took < ALL_IN_ALL, `${READS} reads took ${Math.round(took)} ms`)
  })

  test('costs the same from the start: one that never answered', async (t) => {
    const site = await siteOf(t, 'redis', 'sqlite')
    const before = await site.open()
    await eventually(() => before.setMany(all))
    site.proxy.swallow()
    const kv = await site.open({ tier: { optional: true, connectTimeout: TIMEOUT } })
    const begin = performance.now()
    for (let n = 0; n < READS; n += 1) assert.equal(await kv.get(key(n)), `value-${n}`)
    const took = performance.now() - begin
    assert.ok(took < ALL_IN_ALL, `${READS} reads took ${Math.round(took)} ms`)
  })

  test('that was there once fails ready() within its timeout, and is ready when it answers', async (t) => {
    const site = await siteOf(t, 'redis')
    const kv = await site.open({ tier: { connectTimeout: undefined } })
    await eventually(() => kv.set('key', 'value'))
    site.redis.pause()
    const { error } = await settledWithin(TIMEOUT, kv.ready())
    assert.match(error.code, /^ERR_REDKV_(TIMEOUT|CONNECTION)$/)
    site.redis.resume()
    await eventually(() => kv.ready())
    assert.equal(await eventually(() => kv.get('key')), 'value')
  })

  test('as the source of truth fails 60 operations in a row as quickly', async (t) => {
    const site = await siteOf(t, 'memory', 'redis')
    const kv = await site.open()
    await eventually(() => kv.set('hot', 'value'))
    site.proxy.swallow()
    const begin = performance.now()
    for (let n = 0; n < READS; n += 1) {
      const { error } = await settledWithin(TIMEOUT, n % 2 === 0 ? kv.get(key(n)) : kv.set(key(n), 'value'))
      assert.match(error.code, /^ERR_REDKV_(TIMEOUT|CONNECTION)$/)
      assert.equal((await settledWithin(0, kv.get('hot'))).value, 'value')
    }
    const took = performance.now() - begin
    assert.ok(took < ALL_IN_ALL, `${READS} operations took ${Math.round(took)} ms`)
  })

  test('holds thousands of operations of one turn no longer than their timeouts', async (t) => {
    const site = await siteOf(t, 'redis', 'sqlite')
    const kv = await site.open()
    await eventually(() => kv.setMany(all))
    site.proxy.swallow()
    // A write waits for the authority, then for the cache; a read waits for the cache, then for the authority.
    const operations = Array.from({ length: 3_000 }, (_, n) =>
      settledWithin(2 * TIMEOUT + 3_000, n % 3 === 0 ? kv.set(`new-${n}`, 'value') : kv.get(key(n % READS))),
    )
    const results = await Promise.all(operations)
    for (const { error } of results.filter((result) => result.error)) assert.equal(error.store, 'redis')
    for (let n = 0; n < READS; n += 1) assert.equal(await kv.get(key(n)), `value-${n}`)
    assert.equal(await kv.get('new-0'), 'value')
  })

  test('holds operations on one key no longer than the writes of it that go before', async (t) => {
    const site = await siteOf(t, 'memory', 'redis')
    const kv = await site.open({ tier: { circuitBreaker: false } })
    site.proxy.swallow()
    // The first is sent. Of those behind it only the last is, and the read is after that.
    const writes = Array.from({ length: 20 }, (_, n) => settledWithin(n === 0 ? TIMEOUT : 2 * TIMEOUT, kv.set('key', n)))
    const read = settledWithin(3 * TIMEOUT, kv.get('key'))
    for (const { error } of await Promise.all([...writes, read])) assert.equal(error.store, 'redis')
  })

  test('is used again when it answers, and has none of the values that it missed the end of', async (t) => {
    const site = await siteOf(t, 'redis', 'sqlite')
    const kv = await site.open()
    await eventually(() => kv.setMany(all))
    site.proxy.swallow()
    for (let n = 0; n < READS; n += 1) await kv.delete(key(n)).catch((error) => assert.equal(error.store, 'redis'))
    site.proxy.pass()
    const begin = performance.now()
    await until(async () => (await site.redis.command('EXISTS', ...Object.keys(all))) === '0')
    const took = performance.now() - begin
    assert.ok(took < 5_000, `its old values were gone after ${Math.round(took)} ms`)
    assert.deepEqual(new Set(await kv.getMany(Object.keys(all))), new Set([null]))
  })
})
