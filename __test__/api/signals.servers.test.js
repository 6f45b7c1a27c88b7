'use strict'

// An AbortSignal ends a caller's wait, and nothing else.

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function instance(t) {
  const kv = new RedKV()
  t.after(() => kv.close())
  return kv
}

/** A chain with a Redis that was there and hangs: what is called waits until it goes on. */
async function hanging(t) {
  const server = await privateRedis(t)
  const kv = instance(t)
  kv.addStore('redis', server.options, { timeout: '1m' })
  await kv.set('key', 'value')
  server.pause()
  return [kv, server]
}

const reads = {
  get: (kv, options) => kv.get('key', options),
  getBuffer: (kv, options) => kv.getBuffer('key', options),
  has: (kv, options) => kv.has('key', options),
  getMany: (kv, options) => kv.getMany(['key', 'other'], options),
  hasMany: (kv, options) => kv.hasMany(['key', 'other'], options),
}

const writes = {
  set: (kv, options) => kv.set('key', 'new', options),
  delete: (kv, options) => kv.delete('key', options),
  setMany: (kv, options) => kv.setMany({ key: 'new' }, options),
  deleteMany: (kv, options) => kv.deleteMany(['key'], options),
}

const listeners = (signal) => getEventListeners(signal, 'abort').length

for (const [name, call] of Object.entries(reads)) {
  test(`${name}() rejects with the reason of its signal while it waits`, async (t) => {
    const [kv] = await hanging(t)
    const controller = new AbortController()
    const rejection = rejectionOf(() => call(kv, { signal: controller.signal }))
    const reason = new Error('no longer wanted')
    setImmediate(() => controller.abort(reason))
    assert.equal(await rejection, reason)
    assert.equal(listeners(controller.signal), 0)
  })
}

for (const [name, call] of Object.entries(writes)) {
  test(`${name}() rejects while it waits, says that it may have been made, and is made`, async (t) => {
    const [kv, server] = await hanging(t)
    const controller = new AbortController()
    const rejection = rejectionOf(() => call(kv, { signal: controller.signal }))
    setImmediate(() => controller.abort('enough'))
    const error = await rejection
    assert.ok(error instanceof RedKV.RedKVError)
    const { code, operation, outcome, retryable, cause } = error
    const expected = { code: 'ERR_REDKV_ABORTED', operation: name, outcome: 'unknown', retryable: false, cause: 'enough' }
    assert.deepEqual({ code, operation, outcome, retryable, cause }, expected)
    assert.equal(listeners(controller.signal), 0)
    server.resume()
    assert.equal(await kv.get('key'), name.startsWith('set') ? 'new' : null)
  })
}

for (const [name, call] of Object.entries({ ...reads, ...writes })) {
  test(`${name}() with a signal that has aborted rejects with its reason, and sends nothing`, async (t) => {
    const kv = instance(t)
    kv.addStore('sqlite', { path: freshFile(t) })
    await kv.set('key', 'value')
    const reason = new Error('too late')
    assert.equal(await rejectionOf(() => call(kv, { signal: AbortSignal.abort(reason) })), reason)
    assert.equal(await kv.get('key'), 'value')
  })

  test(`${name}() with a signal that does not abort does what it does without`, async (t) => {
    const [plain, signalled] = [instance(t), instance(t)]
    const { signal } = new AbortController()
    const answers = []
    for (const [kv, options] of [[plain, undefined], [signalled, { signal }]]) {
      kv.addStore('sqlite', { path: freshFile(t) })
      await kv.set('key', 'value')
      answers.push(await call(kv, options), await kv.getMany(['key', 'other']))
    }
    assert.deepEqual(answers.slice(2), answers.slice(0, 2))
    assert.equal(listeners(signal), 0)
  })

  test(`${name}() refuses a signal that is none`, async (t) => {
    const kv = instance(t)
    kv.addStore('memory')
    for (const signal of [null, 'abort', {}, new AbortController(), new EventTarget()]) {
      isArgumentError(await rejectionOf(() => call(kv, { signal })), 'signal')
    }
    isArgumentError(await rejectionOf(() => call(kv, { sginal: AbortSignal.abort() })), 'sginal')
    isArgumentError(await rejectionOf(() => call(kv, null)), 'options')
  })
}

describe('ready()', () => {
  test('of a chain and of a store rejects with the reason of its signal', async (t) => {
    const server = await privateRedis(t)
    const kv = instance(t)
    server.pause()
    const redis = kv.addStore('redis', { ...server.options, connectTimeout: '1m' })
    const controller = new AbortController()
    const rejections = [kv, redis].map((waiting) => rejectionOf(() => waiting.ready({ signal: controller.signal })))
    controller.abort()
    const reasons = await Promise.all(rejections)
    assert.deepEqual(reasons, [controller.signal.reason, controller.signal.reason])
    assert.equal(await rejectionOf(() => kv.ready({ signal: controller.signal })), controller.signal.reason)
    isArgumentError(await rejectionOf(() => kv.ready({ signal: 1 })), 'signal')
    server.resume()
    await kv.ready({ signal: new AbortController().signal })
  })
})

describe('a signal that lives long', () => {
  test('has no listener left after 10,000 operations, one after the other and at once', async (t) => {
    const kv = instance(t)
    kv.addStore('memory', {}, { ttl: '1h' })
    kv.addStore('sqlite', { path: freshFile(t), expiresColumn: 'expires' })
    const { signal } = new AbortController()
    for (let n = 0; n < 1000; n++) await kv.get(`key-${n}`, { signal })
    const operations = Array.from({ length: 9000 }, (_, n) => kv.set(`key-${n}`, 'value', { signal }))
    assert.equal(listeners(signal), 1)
    await Promise.all(operations)
    assert.equal(listeners(signal), 0)
  })

  test('ends 10,000 operations at once, and later ones before they begin', async (t) => {
    const [kv] = await hanging(t)
    const controller = new AbortController()
    const { signal } = controller
    const operations = Array.from({ length: 10_000 }, (_, n) => rejectionOf(() => kv.get(`key-${n}`, { signal })))
    setImmediate(() => controller.abort())
    assert.deepEqual(new Set(await Promise.all(operations)), new Set([signal.reason]))
    assert.equal(listeners(signal), 0)
    assert.equal(await rejectionOf(() => kv.get('key', { signal })), signal.reason)
  })

  test('is no reason for a warning', async (t) => {
    const warnings = []
    const warn = (warning) => warnings.push(warning)
    process.on('warning', warn)
    t.after(() => process.off('warning', warn))
    const kv = instance(t)
    kv.addStore('sqlite', { path: freshFile(t) })
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 100 }, (_, n) => kv.set(n, 'value', { signal })))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(warnings, [])
  })
})

test('AbortSignal.timeout() bounds what is waited for', async (t) => {
  const [kv] = await hanging(t)
  const error = await rejectionOf(() => kv.get('key', { signal: AbortSignal.timeout(20) }))
  assert.equal(error.name, 'TimeoutError')
})

test('an aborted write keeps its place among the operations on its key', async (t) => {
  const [kv, server] = await hanging(t)
  const controller = new AbortController()
  const first = kv.set('key', 'first')
  const aborted = rejectionOf(() => kv.set('key', 'aborted', { signal: controller.signal }))
  const read = kv.get('key')
  const last = kv.set('key', 'last')
  setImmediate(() => controller.abort())
  await aborted
  server.resume()
  await Promise.all([first, last])
  assert.equal(await read, 'last')
  assert.equal(await kv.get('key'), 'last')
})
