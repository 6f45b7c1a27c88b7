'use strict'

// Two processes, one Redis as their cache, one DynamoDB as their source of truth: what holds between them, and where
// it ends. docs/architecture.md says the same in words.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { clientOptions, freshTable } = require('../support/servers/dynamodb.js')
const { freshPrefix, server } = require('../support/fresh.js')
const { kvProcess } = require('../support/kv-process.js')
const { proxyTo, targetOf } = require('../support/servers/proxy.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { until } = require('../support/wait.js')

/** Two processes with the same stores; the reads of the slow one from DynamoDB can be held on their way back. */
async function twoProcesses(t, tier) {
  const endpoint = server('REDKV_TEST_DYNAMODB_ENDPOINT')
  const redis = ['redis', { url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }, tier]
  const tableName = await freshTable(t, endpoint)
  const proxy = await proxyTo(t, targetOf(endpoint))
  const dynamodb = (address) => ['dynamodb', { ...clientOptions(address), tableName }, { timeout: '60s' }]
  const slow = await kvProcess(t, redis, dynamodb(`http://127.0.0.1:${proxy.port}`))
  const quick = await kvProcess(t, redis, dynamodb(endpoint))
  // Only the source of truth has it, as after the cache was restarted.
  const truth = await kvProcess(t, dynamodb(endpoint))
  return { proxy, slow, quick, truth }
}

/** Reads `key` in the slow process, and does `meanwhile` when the value has been read but has not arrived. */
async function duringARead({ proxy, slow }, key, meanwhile) {
  proxy.hold()
  const held = once(proxy, 'held')
  const reading = slow.call('get', key)
  await held
  await meanwhile()
  proxy.pass()
  return reading
}

describe('while one process reads a key from the source of truth', () => {
  test('another one overwrites it: the new value stays in the cache', async (t) => {
    const both = await twoProcesses(t, {})
    await both.truth.call('set', 'key', 'old')
    assert.equal(await duringARead(both, 'key', () => both.quick.call('set', 'key', 'new')), 'old')
    assert.equal(await both.quick.call('get', 'key'), 'new')
    assert.equal(await both.slow.call('get', 'key'), 'new')
  })

  test('another one deletes it: the value comes back into the cache until its ttl there ends', async (t) => {
    const both = await twoProcesses(t, { ttl: '2s' })
    await both.truth.call('set', 'key', 'old')
    assert.equal(await duringARead(both, 'key', () => both.quick.call('delete', 'key')), 'old')
    assert.equal(await both.quick.call('get', 'key'), 'old')
    assert.equal(await both.truth.call('get', 'key'), null)
    await until(async () => (await both.quick.call('get', 'key')) === null)
    assert.equal(await both.slow.call('get', 'key'), null)
  })

  test('another one deletes it, with tombstones in the cache: the value does not come back', async (t) => {
    const both = await twoProcesses(t, { tombstone: '30s' })
    await both.truth.call('set', 'key', 'old')
    assert.equal(await duringARead(both, 'key', () => both.quick.call('delete', 'key')), 'old')
    assert.equal(await both.quick.call('get', 'key'), null)
    assert.equal(await both.slow.call('get', 'key'), null)
    assert.deepEqual(await both.slow.call('getMany', ['key']), [null])
    assert.equal(await both.quick.call('has', 'key'), false)
  })

  test('for longer than tombstones stand, and another one deletes it: the value does not come back', async (t) => {
    const both = await twoProcesses(t, { timeout: 500, tombstone: '1500ms' })
    await both.truth.call('set', 'key', 'old')
    const read = await duringARead(both, 'key', async () => {
      await both.quick.call('delete', 'key')
      await sleep(2_000)
    })
    assert.equal(read, 'old')
    assert.equal(await both.quick.call('get', 'key'), null)
  })

  test('another one deletes it and writes it again, with tombstones in the cache: the new value is there', async (t) => {
    const both = await twoProcesses(t, { tombstone: '30s' })
    await both.truth.call('set', 'key', 'old')
    await duringARead(both, 'key', async () => {
      await both.quick.call('delete', 'key')
      await both.quick.call('set', 'key', 'new')
    })
    assert.equal(await both.slow.call('get', 'key'), 'new')
    assert.equal(await both.quick.call('get', 'key'), 'new')
  })

  test('the same process deletes it: the value does not come back', async (t) => {
    const both = await twoProcesses(t, {})
    await both.truth.call('set', 'key', 'old')
    both.proxy.hold()
    const held = once(both.proxy, 'held')
    const reading = both.slow.call('get', 'key')
    await held
    const deleting = both.slow.call('delete', 'key')
    both.proxy.pass()
    assert.equal(await reading, 'old')
    await deleting
    assert.equal(await both.slow.call('get', 'key'), null)
    assert.equal(await both.quick.call('get', 'key'), null)
  })
})

describe('when one process dies', () => {
  test('before a cache that missed its delete was invalidated, the others have the old value until the ttl there ends', async (t) => {
    const redis = await privateRedis(t)
    const proxy = await proxyTo(t, redis.options)
    const endpoint = server('REDKV_TEST_DYNAMODB_ENDPOINT')
    const dynamodb = ['dynamodb', { ...clientOptions(endpoint), tableName: await freshTable(t, endpoint) }]
    const tier = { ttl: '3s', timeout: 300, optional: true }
    const dying = await kvProcess(t, ['redis', { ...redis.options, port: proxy.port }, tier], dynamodb)
    const other = await kvProcess(t, ['redis', redis.options, tier], dynamodb)
    await other.call('set', 'key', 'old')
    proxy.swallow()
    await dying.call('delete', 'key')
    assert.equal(await dying.call('get', 'key'), null)
    await dying.kill()
    assert.equal(await other.call('get', 'key'), 'old')
    await until(async () => (await other.call('get', 'key')) === null)
  })

  test('what it wrote with success is there for the other', async (t) => {
    const both = await twoProcesses(t, {})
    await both.quick.call('setMany', { a: '1', b: '2' })
    await both.quick.kill()
    assert.deepEqual(await both.slow.call('getMany', ['a', 'b']), ['1', '2'])
    assert.deepEqual(await both.truth.call('getMany', ['a', 'b']), ['1', '2'])
  })
})
