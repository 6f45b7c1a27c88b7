'use strict'

// An AbortSignal ends a caller's wait, and nothing else.

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { describe, test } = require('node:test')
const { Structures } = require('../..')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

const listeners = (signal) => getEventListeners(signal, 'abort').length

const reads = {
  get: (db, options) => db.get('k', options),
  has: (db, options) => db.has('k', options),
  sMembers: (db, options) => db.sMembers('k', options),
  sIsMember: (db, options) => db.sIsMember('k', 'm', options),
  sCard: (db, options) => db.sCard('k', options),
  hGet: (db, options) => db.hGet('k', 'f', options),
  hGetAll: (db, options) => db.hGetAll('k', options),
  zCard: (db, options) => db.zCard('k', options),
  zScore: (db, options) => db.zScore('k', 'm', options),
  zCount: (db, options) => db.zCount('k', 0, 1, options),
  zLexCount: (db, options) => db.zLexCount('k', '-', '+', options),
  zRangeByScore: (db, options) => db.zRangeByScore('k', 0, 1, options),
  zhRangeByScore: (db, options) => db.zhRangeByScore('k', 0, 1, options),
  zRangeByLex: (db, options) => db.zRangeByLex('k', '-', '+', options),
  zhRangeByLex: (db, options) => db.zhRangeByLex('k', '-', '+', options),
  zIterate: (db, options) => db.zIterate('k', options).next(),
  zhIterate: (db, options) => db.zhIterate('k', options).next(),
}

const writes = {
  set: (db, options) => db.set('k', 'v', options),
  setNX: (db, options) => db.setNX('k', 'v', options),
  setXX: (db, options) => db.setXX('k', 'v', options),
  setEQ: (db, options) => db.setEQ('k', 'v', 'w', options),
  incrBy: (db, options) => db.incrBy('k', 1n, options),
  delete: (db, options) => db.delete('k', options),
  sAdd: (db, options) => db.sAdd('k', ['m'], options),
  sRem: (db, options) => db.sRem('k', 'm', options),
  hSet: (db, options) => db.hSet('k', 'f', 'v', options),
  hSetOfMany: (db, options) => db.hSet('k', { f: 'v' }, options),
  hDel: (db, options) => db.hDel('k', 'f', options),
  zAdd: (db, options) => db.zAdd('k', 'm', 1, options),
  zhAdd: (db, options) => db.zhAdd('k', 'f', 'm', 1, options),
  zRem: (db, options) => db.zRem('k', ['m'], options),
  zhRem: (db, options) => db.zhRem('k', ['f'], options),
  zIncrBy: (db, options) => db.zIncrBy('k', 'm', 1, options),
  atomicWrite: (db, options) => {
    const write = db.atomicWrite()
    write.set('k', 'v')
    return write.exec(options)
  },
}

describe('an aborted signal keeps from beginning', () => {
  for (const [name, call] of Object.entries({ ...reads, ...writes })) {
    test(name, async (t) => {
      const db = opened(t)
      const reason = new Error('no longer wanted')
      assert.equal(await rejectionOf(() => call(db, { signal: AbortSignal.abort(reason) })), reason)
      assert.deepEqual(db.stats().operations, {})
    })
  }
})

test('an atomic write that an aborted signal kept from beginning can still be sent', async (t) => {
  const db = opened(t)
  const write = db.atomicWrite()
  write.set('k', 'v')
  const reason = new Error('no longer wanted')
  assert.equal(await rejectionOf(() => write.exec({ signal: AbortSignal.abort(reason) })), reason)
  write.incrBy('n')
  assert.equal(await write.exec({ signal: new AbortController().signal }), true)
  assert.deepEqual([await db.get('k'), await db.get('n')], ['v', '1'])
  isArgumentError(await rejectionOf(() => write.exec({ signal: AbortSignal.abort(reason) })), 'this')
})

describe('a signal that aborts while an operation is in flight', () => {
  for (const [name, call] of Object.entries(reads)) {
    test(`ends ${name} with its reason`, async (t) => {
      const abort = new AbortController()
      const rejection = rejectionOf(() => call(opened(t), { signal: abort.signal }))
      assert.equal(listeners(abort.signal), 1)
      const reason = new Error('no longer wanted')
      abort.abort(reason)
      assert.equal(await rejection, reason)
      assert.equal(listeners(abort.signal), 0)
    })
  }

  for (const [name, call] of Object.entries(writes)) {
    test(`ends ${name}, which may have been made`, async (t) => {
      const abort = new AbortController()
      const rejection = rejectionOf(() => call(opened(t), { signal: abort.signal }))
      assert.equal(listeners(abort.signal), 1)
      const reason = new Error('no longer wanted')
      abort.abort(reason)
      const { code, outcome, cause, operation } = await rejection
      assert.deepEqual([code, outcome, cause], ['ERR_REDKV_ABORTED', 'unknown', reason])
      assert.equal(operation, name === 'hSetOfMany' ? 'hSet' : name)
      assert.equal(listeners(abort.signal), 0)
    })
  }
})

test('a signal loses its listener when the operations under it have ended', async (t) => {
  const db = opened(t)
  const { signal } = new AbortController()
  await db.set('k', 'v', { signal })
  await Promise.all(Array.from({ length: 50 }, () => db.get('k', { signal })))
  assert.equal((await rejectionOf(() => db.sAdd('k', 'm', { signal }))).code, 'ERR_REDKV_TYPE')
  assert.equal(listeners(signal), 0)
})

test('what is no signal is refused', async (t) => {
  const db = opened(t)
  isArgumentError(await rejectionOf(() => db.get('k', { signal: true })), 'signal')
  isArgumentError(await rejectionOf(() => db.set('k', 'v', { signal: {} })), 'signal')
  isArgumentError(await rejectionOf(() => db.ready({ signal: null })), 'signal')
})
