'use strict'

// How operations are called, which no store changes. A case gets the object to act on: a chain, or one of its stores.

const assert = require('node:assert/strict')
const { until } = require('../wait.js')

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)

const calling = {
  async 'writes resolve with undefined, also a delete of nothing'(kv) {
    assert.equal(await kv.set('key', 'value'), undefined)
    assert.equal(await kv.delete('missing'), undefined)
    assert.equal(await kv.setMany({ a: '1' }), undefined)
    assert.equal(await kv.deleteMany(['a', 'missing']), undefined)
  },

  async 'a number is the key that String() makes of it'(kv) {
    await kv.set(42, 'integer')
    await kv.set(-1.5, 'fraction')
    await kv.set(1e21, 'large')
    assert.equal(await kv.get('42'), 'integer')
    assert.equal(await kv.get(42), 'integer')
    assert.equal(await kv.has('-1.5'), true)
    assert.equal(await kv.get('1e+21'), 'large')
    await kv.delete('42')
    assert.equal(await kv.get(42), null)
  },

  async 'a number is the value that String() makes of it'(kv) {
    await kv.setMany({ zero: 0, negative: -1, fraction: 0.1, large: 1e21, text: '007' })
    const read = await kv.getMany(['zero', 'negative', 'fraction', 'large', 'text'])
    assert.deepEqual(read, ['0', '-1', '0.1', '1e+21', '007'])
  },

  async 'a name that objects inherit is a key as any other'(kv) {
    assert.equal(await kv.get('constructor'), null)
    await kv.set('__proto__', 'value')
    assert.equal(await kv.get('__proto__'), 'value')
  },

  async 'getMany and hasMany answer in the order of the keys, repeated ones too'(kv) {
    await kv.setMany({ a: '1', b: '2' })
    assert.deepEqual(await kv.getMany(['b', 'missing', 'a', 'b']), ['2', null, '1', '2'])
    assert.deepEqual(await kv.hasMany(['b', 'missing', 'a', 'b']), [true, false, true, true])
  },

  async 'setMany takes an object, a Map, and an iterable of pairs'(kv) {
    await kv.setMany({ a: '1', b: 2 })
    await kv.setMany(new Map([['c', '3'], [4, '4']]))
    await kv.setMany([['d', '5'], [6, 6]])
    await kv.setMany((function* () {
      yield ['e', '7']
    })())
    const read = await kv.getMany(['a', 'b', 'c', 4, 'd', '6', 'e'])
    assert.deepEqual(read, ['1', '2', '3', '4', '5', '6', '7'])
  },

  async 'of a key that comes twice in setMany the later value stays'(kv) {
    await kv.setMany([['a', 'first'], ['b', 'value'], ['a', 'second']])
    assert.deepEqual(await kv.getMany(['a', 'b']), ['second', 'value'])
  },

  async 'keys come from any iterable'(kv) {
    await kv.setMany({ a: '1', b: '2', c: '3' })
    assert.deepEqual(await kv.getMany(new Set(['a', 'b'])), ['1', '2'])
    assert.deepEqual(await kv.hasMany(new Map([['c', 0]]).keys()), [true])
    await kv.deleteMany(new Set(['a', 'b']))
    assert.deepEqual(await kv.hasMany(['a', 'b', 'c']), [false, false, true])
  },

  async 'deleteMany takes repeated and missing keys'(kv) {
    await kv.setMany({ a: '1', b: '2' })
    await kv.deleteMany(['a', 'missing', 'a'])
    assert.deepEqual(await kv.getMany(['a', 'b']), [null, '2'])
  },

  async 'empty lists are answered with empty lists'(kv) {
    assert.deepEqual(await kv.getMany([]), [])
    assert.deepEqual(await kv.hasMany([]), [])
    assert.equal(await kv.setMany([]), undefined)
    assert.equal(await kv.setMany({}), undefined)
    assert.equal(await kv.deleteMany([]), undefined)
  },

  async 'many operations at once are answered each'(kv) {
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => kv.set(key, `value of ${key}`)))
    assert.deepEqual(await Promise.all(keys.map((key) => kv.get(key))), keys.map((key) => `value of ${key}`))
    await Promise.all(keys.map((key) => kv.delete(key)))
    assert.deepEqual(await Promise.all(keys.map((key) => kv.has(key))), keys.map(() => false))
  },

  async 'bytes of text are text, and text is read as bytes'(kv) {
    await kv.set('from bytes', Buffer.from('grüße'))
    await kv.set('from text', 'grüße')
    assert.equal(await kv.get('from bytes'), 'grüße')
    const read = await kv.getBuffer('from text')
    assert.ok(Buffer.isBuffer(read))
    assert.deepEqual(read, Buffer.from('grüße'))
  },

  async 'of a view of bytes its own part is kept, as it was when set was called'(kv) {
    const bytes = new TextEncoder().encode('before-view-after')
    const write = kv.set('key', bytes.subarray(7, 11))
    bytes.fill(120)
    await write
    assert.equal(await kv.get('key'), 'view')
  },

  async 'bytes that are not text are not read as text'(kv) {
    await kv.setMany([['bytes', allBytes], ['text', 'value']])
    await assert.rejects(kv.get('bytes'), { name: 'RedKVError', code: 'ERR_REDKV_VALUE' })
    const error = await kv.getMany(['bytes', 'text']).catch((error) => error)
    assert.equal(error.code, 'ERR_REDKV_PARTIAL')
    assert.equal(error.errors.get('bytes').code, 'ERR_REDKV_VALUE')
    assert.deepEqual(error.values, [undefined, 'value'])
  },

  async 'a ttl may be text with a unit'(kv) {
    await kv.set('short', 'value', { ttl: '200ms' })
    await kv.set('long', 'value', { ttl: '1h' })
    assert.equal(await kv.get('long'), 'value')
    await until(async () => (await kv.get('short')) === null)
    assert.equal(await kv.get('long'), 'value')
  },
}

/** The cases: `[name, case]` each. They need a store that lets entries end. */
module.exports = { callingCases: Object.entries(calling) }
