'use strict'

// The limits of what is in flight at a time.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')
const { until } = require('../support/wait.js')

function instance(t, options) {
  const kv = new RedKV(options)
  t.after(() => kv.close())
  return kv
}

/** A chain with a Redis that was there and hangs: what is called stays on its way until it goes on. */
async function hanging(t, options, ...before) {
  const server = await privateRedis(t)
  const kv = instance(t, options)
  before.forEach((store) => kv.addStore(store))
  kv.addStore('redis', server.options, { timeout: '1m' })
  await kv.set('there', 'value')
  server.pause()
  return [kv, server]
}

/** Asserts that a call was refused for want of room, and could be made again if `retryable`. */
function isOverload(error, operation, field, retryable = true) {
  assert.ok(error instanceof RedKV.RedKVError, `${error} is a RedKVError`)
  const { code, outcome, message } = error
  const expected = { code: 'ERR_REDKV_OVERLOAD', operation, field, retryable, outcome: 'not-applied' }
  assert.deepEqual({ code, operation: error.operation, field: error.field, retryable: error.retryable, outcome }, expected)
  assert.ok(message.includes(`(${field})`), message)
}

describe('operations on a Redis that hangs', () => {
  test('are refused at once beyond maxPending, and all others answered when it continues', async (t) => {
    const [kv, server] = await hanging(t, { maxPending: 1000 })
    const taken = Array.from({ length: 1000 }, (_, n) => kv.set(`key-${n}`, n))
    isOverload(await rejectionOf(() => kv.set('more', 'value')), 'set', 'maxPending')
    isOverload(await rejectionOf(() => kv.get('more')), 'get', 'maxPending')
    isOverload(await rejectionOf(() => kv.delete('more')), 'delete', 'maxPending')
    isOverload(await rejectionOf(() => kv.has('more')), 'has', 'maxPending')
    server.resume()
    await Promise.all(taken)
    assert.equal(await kv.get('more'), null)
    await kv.set('more', 'value')
    const keys = taken.map((_, n) => `key-${n}`)
    assert.deepEqual(await kv.getMany(keys), keys.map((_, n) => String(n)))
  })

  test('are refused at once beyond maxPendingBytes', async (t) => {
    const [kv, server] = await hanging(t, { maxPendingBytes: 1_000_000 })
    const large = Buffer.alloc(400_000)
    const taken = [kv.set('a', large), kv.set('b', large)]
    isOverload(await rejectionOf(() => kv.set('c', large)), 'set', 'maxPendingBytes')
    const small = kv.set('c', 'small')
    server.resume()
    await Promise.all([...taken, small])
    await kv.set('c', large)
    assert.equal((await kv.getBuffer('c')).length, large.length)
  })

  test('on many keys are refused as a whole, and leave nothing in flight', async (t) => {
    const [kv, server] = await hanging(t, { maxPending: 10 })
    const keys = Array.from({ length: 6 }, (_, n) => `key-${n}`)
    const reads = kv.getMany(keys)
    isOverload(await rejectionOf(() => kv.setMany(keys.map((key) => [key, 'value']))), 'setMany', 'maxPending')
    isOverload(await rejectionOf(() => kv.getMany(keys)), 'getMany', 'maxPending')
    isOverload(await rejectionOf(() => kv.hasMany(keys)), 'hasMany', 'maxPending')
    isOverload(await rejectionOf(() => kv.deleteMany(keys)), 'deleteMany', 'maxPending')
    server.resume()
    assert.deepEqual(await reads, keys.map(() => null))
    assert.deepEqual(await kv.getMany(keys), keys.map(() => null))
  })

  test('do not bound what memory answers at once', async (t) => {
    const [kv, server] = await hanging(t, { maxPending: 1 }, 'memory')
    const write = kv.set('pending', 'value')
    for (let n = 0; n < 100; n++) assert.equal(await kv.get('there'), 'value')
    assert.deepEqual(await kv.getMany(['there', 'there', 'there']), ['value', 'value', 'value'])
    isOverload(await rejectionOf(() => kv.get('missing')), 'get', 'maxPending')
    server.resume()
    await write
  })

  test('do not bound other instances', async (t) => {
    const [kv] = await hanging(t, { maxPending: 1 })
    kv.set('key', 'value').catch(() => {})
    const other = instance(t, { maxPending: 1 })
    other.addStore('sqlite', { path: freshFile(t) })
    await other.set('key', 'value')
    assert.equal(await other.get('key'), 'value')
  })

  test('count until they are answered, although nobody waits for them any more', async (t) => {
    const [kv, server] = await hanging(t, { maxPending: 1 })
    await rejectionOf(() => kv.get('key', { signal: AbortSignal.timeout(10) }))
    isOverload(await rejectionOf(() => kv.get('key')), 'get', 'maxPending')
    server.resume()
    await until(() => kv.get('key').then(() => true, () => false))
  })
})

test('a call that exceeds a bound by itself is refused for good', async (t) => {
  const kv = instance(t, { maxPending: 2, maxPendingBytes: 100 })
  kv.addStore('sqlite', { path: freshFile(t) })
  isOverload(await rejectionOf(() => kv.getMany(['a', 'b', 'c'])), 'getMany', 'maxPending', false)
  isOverload(await rejectionOf(() => kv.set('key', 'v'.repeat(100))), 'set', 'maxPendingBytes', false)
  await kv.set('key', 'v'.repeat(97))
  assert.deepEqual(await kv.getMany(['key', 'b']), ['v'.repeat(97), null])
})

test('a store in memory alone has no need of the bounds', async (t) => {
  const kv = instance(t, { maxPending: 1, maxPendingBytes: 1 })
  kv.addStore('memory')
  const entries = Array.from({ length: 100 }, (_, n) => [`key-${n}`, 'value'])
  await kv.setMany(entries)
  assert.deepEqual(await kv.getMany(['key-0', 'key-99']), ['value', 'value'])
  await kv.deleteMany(entries.map(([key]) => key))
  assert.equal(await kv.get('key-0'), null)
})

describe('new RedKV()', () => {
  test('refuses options that are wrong', () => {
    for (const bound of ['maxPending', 'maxPendingBytes']) {
      for (const value of [0, -1, 1.5, NaN, Infinity, 'many', true, {}, () => 1]) {
        isArgumentError(thrownBy(() => new RedKV({ [bound]: value })), bound)
      }
    }
    isArgumentError(thrownBy(() => new RedKV('redis')), 'options')
  })

  test('refuses options that it does not know, and suggests the nearest', () => {
    const error = thrownBy(() => new RedKV({ maxPendig: 10 }))
    isArgumentError(error, 'maxPendig')
    assert.equal(error.message, "unknown option 'maxPendig' in options; did you mean 'maxPending'?")
  })

  test('takes no options for none', () => {
    for (const options of [undefined, null, {}, { maxPending: undefined }]) new RedKV(options)
  })
})
