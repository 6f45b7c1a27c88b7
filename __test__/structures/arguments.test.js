'use strict'

// What operations on data structures take, and refuse: by its name, with the stack of who called.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const { Structures } = require('../..')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

describe('a key, field, member or value', () => {
  for (const [name, given, expected] of [
    ['a string', 'text é 😀', 'text é 😀'],
    ['an empty string', '', ''],
    ['a number, as String() writes it', 1.5, '1.5'],
    ['a large number, as String() writes it', 1e21, '1e+21'],
    ['minus zero, which is 0', -0, '0'],
    ['NaN, which is text', NaN, 'NaN'],
    ['a bigint', 2n ** 70n, '1180591620717411303424'],
    ['a Uint8Array', new Uint8Array([0x61, 0xc3, 0xa9]), 'aé'],
    ['a view of a part of a buffer', Buffer.from('abcd').subarray(1, 3), 'bc'],
    ['bytes of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(2)).fill(0x62), 'bb'],
    ['bytes of another realm', vm.runInNewContext('new Uint8Array([99, 99])'), 'cc'],
  ]) {
    test(`may be ${name}`, async (t) => {
      const db = opened(t)
      await db.set(given, given)
      assert.equal(await db.get(expected), expected)
      await db.hSet('hash', given, given)
      assert.deepEqual({ ...(await db.hGetAll('hash')) }, { [expected]: expected })
      await db.sAdd('set', given)
      assert.deepEqual(await db.sMembers('set'), [expected])
      await db.zhAdd('sorted', given, given, 1)
      assert.deepEqual(await db.zRangeByScore('sorted', 1, 1), [expected])
      assert.deepEqual(await db.zhRangeByScore('sorted', 1, 1), [expected])
      assert.equal(await db.setEQ(expected, 'other', given), true)
    })
  }

  for (const [name, given] of [
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['a symbol', Symbol('s')],
    ['a function', () => 'key'],
    ['an object', { toString: () => 'key' }],
    ['an array', ['key']],
    ['a Date', new Date(0)],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['an array of other numbers', new Uint16Array(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['bytes that were transferred', transferred()],
    ['a lone surrogate', 'a\uD800b'],
  ]) {
    test(`is never ${name}`, async (t) => {
      const db = opened(t)
      isArgumentError(await rejectionOf(() => db.get(given)), 'key')
      isArgumentError(await rejectionOf(() => db.set('k', given)), 'value')
      isArgumentError(await rejectionOf(() => db.setEQ('k', 'v', given)), 'expected')
      isArgumentError(await rejectionOf(() => db.hGet('k', given)), 'field')
      isArgumentError(await rejectionOf(() => db.sIsMember('k', given)), 'member')
      isArgumentError(await rejectionOf(() => db.sAdd('k', ['a', given])), 'members')
      isArgumentError(await rejectionOf(() => db.zAdd('k', given, 1)), 'member')
      isArgumentError(await rejectionOf(() => db.zhAdd('k', given, 'm', 1)), 'field')
      isArgumentError(await rejectionOf(() => db.zhAdd('k', 'f', given, 1)), 'member')
      isArgumentError(await rejectionOf(() => db.zRangeByLex('k', given, '+')), 'min')
      assert.equal(await db.has('k'), false)
    })
  }
})

function transferred() {
  const bytes = new Uint8Array(2)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

const wrong = {
  get: [(db) => db.get(null), 'key'],
  has: [(db) => db.has(null), 'key'],
  set: [(db) => db.set('k', null), 'value'],
  setNX: [(db) => db.setNX('k'), 'value'],
  setXX: [(db) => db.setXX('k', {}), 'value'],
  setEQ: [(db) => db.setEQ('k', 'v'), 'expected'],
  incrBy: [(db) => db.incrBy('k', 1.5), 'by'],
  delete: [(db) => db.delete('k', { of: 'set' }), 'of'],
  sAdd: [(db) => db.sAdd('k', []), 'members'],
  sRem: [(db) => db.sRem('k'), 'members'],
  sMembers: [(db) => db.sMembers('k', { unknown: 1 }), 'unknown'],
  sIsMember: [(db) => db.sIsMember('k'), 'member'],
  sCard: [(db) => db.sCard('k', null), 'options'],
  hSet: [(db) => db.hSet('k', {}), 'fields'],
  hGet: [(db) => db.hGet('k'), 'field'],
  hGetAll: [(db) => db.hGetAll('k', 1), 'options'],
  hDel: [(db) => db.hDel('k', [null]), 'fields'],
  zAdd: [(db) => db.zAdd('k', 'm', NaN), 'score'],
  zhAdd: [(db) => db.zhAdd('k', 'f', 'm', '1'), 'score'],
  zRem: [(db) => db.zRem('k', {}), 'members'],
  zhRem: [(db) => db.zhRem('k', new Set()), 'fields'],
  zCard: [(db) => db.zCard(), 'key'],
  zScore: [(db) => db.zScore('k'), 'member'],
  zIncrBy: [(db) => db.zIncrBy('k', 'm', 1n), 'by'],
  zCount: [(db) => db.zCount('k', 0), 'max'],
  zLexCount: [(db) => db.zLexCount('k', 'a', '+'), 'min'],
  zRangeByScore: [(db) => db.zRangeByScore('k', 0, 1, { limit: 0 }), 'limit'],
  zhRangeByScore: [(db) => db.zhRangeByScore('k', 0, 1, { withScores: 1 }), 'withScores'],
  zRangeByLex: [(db) => db.zRangeByLex('k', '-', '+', { withScores: true }), 'withScores'],
  zhRangeByLex: [(db) => db.zhRangeByLex('k', '-', '+', { reverse: 'yes' }), 'reverse'],
  ready: [(db) => db.ready(1), 'options'],
  createTable: [(db) => db.createTable({ unknown: 1 }), 'unknown'],
  close: [(db) => db.close({ timeout: 'soon' }), 'timeout'],
}

describe('a wrong argument is refused by its name, with the operation and the stack of the caller,', () => {
  for (const [operation, [call, field]] of Object.entries(wrong)) {
    test(`of ${operation}`, async (t) => {
      const db = opened(t)
      const error = await rejectionOf(() => call(db))
      assert.equal(error.code, 'ERR_REDKV_ARGUMENT')
      assert.equal(error.field, field)
      assert.equal(error.operation, operation)
      assert.match(error.stack.split('\n')[1], /arguments\.test\.js/)
    })
  }
})

describe('a list of members', () => {
  for (const [name, members] of [
    ['an array', ['a', 'b']],
    ['a Set', new Set(['a', 'b'])],
    ['a generator', (function* () { yield* ['a', 'b'] })()],
    ['an array behind a Proxy', new Proxy(['a', 'b'], {})],
    ['an array of another realm', vm.runInNewContext('["a", "b"]')],
    ['an array with members that repeat', ['a', 'b', 'a']],
  ]) {
    test(`may be ${name}`, async (t) => {
      const db = opened(t)
      await db.sAdd('k', members)
      assert.deepEqual((await db.sMembers('k')).sort(), ['a', 'b'])
    })
  }

  test('is no Uint8Array, which is one member', async (t) => {
    const db = opened(t)
    await db.sAdd('k', Buffer.from('ab'))
    assert.deepEqual(await db.sMembers('k'), ['ab'])
  })

  const endless = { *[Symbol.iterator]() { for (;;) yield 'a' } }
  for (const [name, members] of [
    ['it is empty', []],
    ['it has a hole', [, 'a']],
    ['it is an array of nothing but its length', Object.assign([], { length: 2 ** 32 - 1 })],
    ['it has no end', endless],
    ['it is an object around a text', new String('ab')],
    ['it is an object', { a: 1 }],
  ]) {
    test(`is refused where ${name}`, async (t) => {
      const db = opened(t)
      isArgumentError(await rejectionOf(() => db.sAdd('k', members)), 'members')
      isArgumentError(await rejectionOf(() => db.hDel('k', members)), 'fields')
      isArgumentError(await rejectionOf(() => db.zRem('k', members)), 'members')
    })
  }

  test('that throws while it is read rejects with what it threw', async (t) => {
    const db = opened(t)
    const own = new Error('of the list')
    assert.equal(await rejectionOf(() => db.sAdd('k', { *[Symbol.iterator]() { throw own } })), own)
  })
})

describe('the fields of hSet', () => {
  class Fields {
    a = '1'
    get b() {
      return 2
    }
    method() {}
  }
  for (const [name, fields] of [
    ['an object', { a: '1', b: 2 }],
    ['an object without a prototype', { __proto__: null, a: '1', b: 2 }],
    ['an object of a class', new Fields()],
    ['a Map', new Map([['a', '1'], ['b', 2]])],
    ['pairs', [['a', '1'], [Buffer.from('b'), 2n]]],
    ['pairs of which one repeats, whose last value counts', [['a', 'x'], ['b', '2'], ['a', '1']]],
    ['pairs that a generator makes', (function* () { yield ['a', '1']; yield ['b', 2] })()],
    ['an object behind a Proxy', new Proxy({ a: '1', b: 2 }, {})],
  ]) {
    test(`may be ${name}`, async (t) => {
      const db = opened(t)
      await db.hSet('k', fields)
      assert.deepEqual({ ...(await db.hGetAll('k')) }, { a: '1', b: '2' })
    })
  }

  for (const [name, fields] of [
    ['an empty Map', new Map()],
    ['a Set of no pairs', new Set(['ab'])],
    ['a pair with three elements', [['a', 'b', 'c']]],
    ['a Date', new Date()],
    ['a Promise', Promise.resolve({ a: 1 })],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['an object around a text', new String('ab')],
    ['endless pairs', { *[Symbol.iterator]() { for (;;) yield ['a', 1] } }],
  ]) {
    test(`are never ${name}`, async (t) => {
      isArgumentError(await rejectionOf(() => opened(t).hSet('k', fields)), 'fields')
    })
  }

  test('may have names that objects have by themselves', async (t) => {
    const db = opened(t)
    await db.hSet('k', JSON.parse('{ "__proto__": "1", "constructor": "2", "toString": "3" }'))
    const fields = await db.hGetAll('k')
    assert.equal(Object.getPrototypeOf(fields), null)
    assert.deepEqual(Object.entries(fields).sort(), [['__proto__', '1'], ['constructor', '2'], ['toString', '3']])
    assert.equal(await db.hGet('k', '__proto__'), '1')
  })

  test('may be thousands, whose order does not matter', async (t) => {
    const db = opened(t)
    const pairs = Array.from({ length: 5000 }, (_, n) => [`f${n % 4000}`, n])
    await db.hSet('k', pairs)
    const fields = await db.hGetAll('k')
    assert.equal(Object.keys(fields).length, 4000)
    assert.equal(fields.f1, '4001')
  })
})

describe('{ buffers: true }', () => {
  const bytes = Buffer.from([0xff, 0, 0xfe])

  test('reads bytes that are no text', async (t) => {
    const db = opened(t)
    await Promise.all([db.set('v', bytes), db.sAdd('s', bytes), db.hSet('h', 'f', bytes), db.zAdd('z', bytes, 2)])
    const buffers = true
    assert.deepEqual(await db.get('v', { buffers }), bytes)
    assert.deepEqual(await db.sMembers('s', { buffers }), [bytes])
    assert.deepEqual(await db.hGet('h', 'f', { buffers }), bytes)
    assert.deepEqual({ ...(await db.hGetAll('h', { buffers })) }, { f: bytes })
    assert.deepEqual(await db.zRangeByScore('z', 0, 9, { buffers }), [bytes])
    assert.deepEqual(await db.zhRangeByScore('z', 0, 9, { buffers, withScores: true }), [{ value: bytes, score: 2 }])
    assert.deepEqual(await db.zRangeByLex('z', '-', '+', { buffers }), [bytes])
    assert.deepEqual((await db.zIterate('z', { buffers }).next()).value, { value: bytes, score: 2 })
  })

  test('is what the error names that says that bytes are no text', async (t) => {
    const db = opened(t)
    await db.sAdd('s', ['text', bytes])
    const error = await rejectionOf(() => db.sMembers('s'))
    assert.equal(error.code, 'ERR_REDKV_VALUE')
    assert.equal(error.operation, 'sMembers')
    assert.match(error.message, /read it with \{ buffers: true \}/)
  })

  test('does not help where the name of a field is no text, and the error says what does', async (t) => {
    const db = opened(t)
    await db.hSet('h', bytes, 'value')
    const error = await rejectionOf(() => db.hGetAll('h', { buffers: true }))
    assert.equal(error.code, 'ERR_REDKV_VALUE')
    assert.match(error.message, /read the field with hGet\(\)/)
    assert.equal(await db.hGet('h', bytes), 'value')
  })

  test('is no option of a write, and nothing but a boolean', async (t) => {
    const db = opened(t)
    isArgumentError(await rejectionOf(() => db.set('k', 'v', { buffers: true })), 'buffers')
    isArgumentError(await rejectionOf(() => db.get('k', { buffers: 1 })), 'buffers')
    assert.throws(() => db.zIterate('k', { buffers: 'yes' }), { code: 'ERR_REDKV_ARGUMENT', field: 'buffers', operation: 'zIterate' })
  })
})

describe('a method without its object', () => {
  for (const name of ['get', 'set', 'incrBy', 'sAdd', 'hSet', 'delete', 'zRangeByScore', 'ready', 'createTable', 'close']) {
    test(`rejects: ${name}`, async (t) => {
      const { [name]: method } = opened(t)
      const error = await rejectionOf(() => method('k', 1n, 1))
      isArgumentError(error, 'this')
      assert.match(error.message, new RegExp(`${name}\\(\\) was called without its object: write db\\.${name}\\(`))
    })
  }

  for (const name of ['batch', 'atomicWrite', 'eventuallyConsistent', 'stats', 'zIterate']) {
    test(`throws: ${name}`, (t) => {
      const { [name]: method } = opened(t)
      assert.throws(() => method('k'), { code: 'ERR_REDKV_ARGUMENT', field: 'this' })
    })
  }

  test('works once it is bound', async (t) => {
    const db = opened(t)
    const set = db.set.bind(db)
    await set('k', 'v')
    assert.equal(await db.get('k'), 'v')
  })
})
