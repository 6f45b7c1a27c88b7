'use strict'

// Errors of a call that is wrong by itself: their stack begins at who made it, and they say what was called.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { rejectionOf } = require('../support/refused.js')

const wrong = {
  get: (kv) => kv.get(null),
  getBuffer: (kv) => kv.getBuffer(null),
  has: (kv) => kv.has(null),
  set: (kv) => kv.set('key', null),
  delete: (kv) => kv.delete('key', { unknown: 1 }),
  getMany: (kv) => kv.getMany(1),
  hasMany: (kv) => kv.hasMany([null]),
  setMany: (kv) => kv.setMany([1]),
  deleteMany: (kv) => kv.deleteMany(1),
  ready: (kv) => kv.ready(1),
  flush: (kv) => kv.flush({ unknown: 1 }),
  keys: (kv) => kv.keys({ prefix: 1 }),
  clear: (kv) => kv.clear({ signal: 1 }),
  close: (kv) => kv.close({ timeout: 0 }),
  addStore: (kv) => kv.addStore('sqlite', {}),
}

describe('a wrong argument has a stack that begins at the caller, and names the operation,', () => {
  for (const [operation, call] of Object.entries(wrong)) {
    test(`of ${operation}`, async (t) => {
      const kv = new RedKV()
      kv.addStore('memory')
      t.after(() => kv.close())
      const error = await rejectionOf(async () => call(kv))
      assert.equal(error.code, 'ERR_REDKV_ARGUMENT')
      assert.equal(error.operation, operation)
      assert.match(error.stack.split('\n')[1], /callers\.test\.js/)
    })
  }

  test('of a store on its own', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    const error = await rejectionOf(() => kv.addStore('memory').clear(1))
    assert.equal(error.operation, 'clear')
    assert.match(error.stack.split('\n')[1], /callers\.test\.js/)
  })

  test('of the constructor, which is no operation', () => {
    assert.throws(() => new RedKV({ maxEntries: 1 }), (error) => {
      assert.match(error.message, /it belongs to a store: into the second argument of addStore\('memory', …\)/)
      assert.match(error.stack.split('\n')[1], /callers\.test\.js/)
      return error.operation === undefined
    })
  })
})

test('what the options of a caller throw stays as it is', () => {
  const own = new Error('of a getter')
  const { stack } = own
  const options = {
    get path() {
      throw own
    },
  }
  assert.throws(() => new RedKV().addStore('sqlite', options), own)
  assert.equal(own.stack, stack)
})

describe('an option in a wrong place or of another package', () => {
  /** The message of the error that `addStore` throws. */
  const refused = (...args) => {
    try {
      new RedKV().addStore(...args)
    } catch (error) {
      return error.message
    }
  }

  test('is reported before a missing option', () => {
    assert.equal(refused('sqlite', { Path: 'x' }), "sqlite: unknown option 'Path' in options; did you mean 'path'?")
    assert.equal(
      refused('sqlite', {}, { path: 'x' }),
      "sqlite: unknown option 'path' in tierOptions: it belongs to the store: into the second argument of addStore()"
    )
  })

  test('is suggested only where it is near, or what others call it', () => {
    assert.equal(
      refused('memory', {}, { breakAfter: 3 }),
      "memory: unknown option 'breakAfter' in tierOptions; did you mean 'circuitBreaker'?"
    )
    assert.equal(
      refused('memory', { max: 3 }),
      "memory: unknown option 'max' in options; did you mean 'maxEntries'?"
    )
    assert.equal(refused('file', { path: 'x', hash: 3 }).includes("'path'"), false)
  })

  test('is an address in the place of the options', () => {
    const message = 'redis: options must be an object, got a string; did you mean { url: … }?'
    assert.equal(refused('redis', new URL('redis://:s3cret@h')), message)
    assert.equal(refused('redis', 'redis://:s3cret@h'), message)
  })
})
