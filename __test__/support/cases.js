'use strict'

// What every store and every chain does alike. A case gets the object to act on: a chain, or one of its stores.

const assert = require('node:assert/strict')
const { until } = require('./wait.js')

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)

/** Of what is always possible. */
const always = {
  async 'a value is there from its set to its delete'(kv) {
    await kv.delete('key')
    assert.equal(await kv.has('key'), false)
    await kv.set('key', 'value')
    assert.equal(await kv.has('key'), true)
    assert.equal(await kv.get('key'), 'value')
    await kv.set('key', 'another value')
    assert.equal(await kv.get('key'), 'another value')
    await kv.delete('key')
    assert.equal(await kv.has('key'), false)
    assert.equal(await kv.get('key'), null)
  },

  async 'a key that was never set reads as null'(kv) {
    assert.equal(await kv.get('missing'), null)
    assert.equal(await kv.getBuffer('missing'), null)
    assert.equal(await kv.has('missing'), false)
  },

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

  async 'text of all scripts comes back as it was'(kv) {
    const texts = ['grüße', '日本語', '🦀', 'e\u0301', '\u00e9', '\ufeffbom', '\ufffd', 'nul\0inside', 'line\r\nbreak', "'"]
    await kv.setMany(texts.map((text) => [text, `value of ${text}`]))
    assert.deepEqual(await kv.getMany(texts), texts.map((text) => `value of ${text}`))
    assert.equal(await kv.get('日本語'), 'value of 日本語')
  },

  async 'keys that look alike are different keys'(kv) {
    const keys = ['a', 'A', ' a', 'a ', 'a\0', 'á', 'a\u0301', 'a%', 'a_', 'a*', "a'", 'a:b', 'a/b']
    await kv.setMany(keys.map((key, index) => [key, index]))
    assert.deepEqual(await kv.getMany(keys), keys.map((_, index) => String(index)))
  },

  async 'a name that objects inherit is a key as any other'(kv) {
    assert.equal(await kv.get('constructor'), null)
    await kv.set('__proto__', 'value')
    assert.equal(await kv.get('__proto__'), 'value')
  },

  async 'a large value comes back whole'(kv) {
    const ascii = '0123456789abcdef'.repeat(20_000)
    const wide = '日'.repeat(100_000)
    await kv.set('ascii', ascii)
    await kv.set('wide', wide)
    assert.equal(await kv.get('ascii'), ascii)
    assert.equal(await kv.get('wide'), wide)
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

  async 'many keys are answered together'(kv) {
    const keys = Array.from({ length: 260 }, (_, index) => `key-${index}`)
    await kv.setMany(keys.map((key, index) => [key, index]))
    assert.deepEqual(await kv.getMany(keys), keys.map((_, index) => String(index)))
    await kv.deleteMany(keys.slice(0, 130))
    assert.deepEqual(await kv.hasMany(keys), keys.map((_, index) => index >= 130))
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

  async 'bytes that are not text come back as they were'(kv) {
    await kv.set('key', allBytes)
    assert.deepEqual(await kv.getBuffer('key'), Buffer.from(allBytes))
  },

  async 'bytes that are not text are not read as text'(kv) {
    await kv.setMany([['bytes', allBytes], ['text', 'value']])
    await assert.rejects(kv.get('bytes'), { name: 'RedKVError', code: 'ERR_REDKV_VALUE' })
    const error = await kv.getMany(['bytes', 'text']).catch((error) => error)
    assert.equal(error.code, 'ERR_REDKV_PARTIAL')
    assert.equal(error.errors.get('bytes').code, 'ERR_REDKV_VALUE')
    assert.deepEqual(error.values, [undefined, 'value'])
  },
}

/** Of what a store is able to do, or has to refuse. */
const emptyValues = {
  async 'an empty string is a value'(kv) {
    await kv.set('key', '')
    assert.equal(await kv.get('key'), '')
    assert.equal(await kv.has('key'), true)
    assert.deepEqual(await kv.getMany(['key']), [''])
    assert.equal((await kv.getBuffer('key')).length, 0)
  },
}

const emptyKeys = {
  async 'an empty string is a key'(kv) {
    await kv.set('', 'value')
    assert.equal(await kv.get(''), 'value')
  },
}

const longKeys = {
  async 'text around the size of a buffer on the stack comes back whole'(kv) {
    const keys = Array.from({ length: 12 }, (_, index) => 'k'.repeat(1015 + index))
    const values = keys.map((key) => `é${key}`)
    await kv.setMany(keys.map((key, index) => [key, values[index]]))
    assert.deepEqual(await kv.getMany(keys), values)
  },
}

const noEmptyKeys = {
  async 'an empty key is refused'(kv) {
    await assert.rejects(kv.set('', 'value'), { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'key' })
  },
}

const expire = {
  async 'a value is gone after its ttl in milliseconds'(kv) {
    await kv.set('key', 'value', { ttl: 200 })
    await kv.setMany({ one: '1', two: '2' }, { ttl: 200 })
    await until(async () => (await kv.hasMany(['key', 'one', 'two'])).every((has) => !has))
    assert.deepEqual(await kv.getMany(['key', 'one', 'two']), [null, null, null])
  },

  async 'a ttl may be text with a unit'(kv) {
    await kv.set('short', 'value', { ttl: '200ms' })
    await kv.set('long', 'value', { ttl: '1h' })
    assert.equal(await kv.get('long'), 'value')
    await until(async () => (await kv.get('short')) === null)
    assert.equal(await kv.get('long'), 'value')
  },

  async 'a set without ttl takes the ttl of the value before away'(kv) {
    await kv.set('key', 'mortal', { ttl: 300 })
    await kv.set('witness', 'mortal', { ttl: 300 })
    await kv.set('key', 'immortal')
    await until(async () => !(await kv.has('witness')))
    assert.equal(await kv.get('key'), 'immortal')
  },
}

const noExpire = {
  async 'a ttl is refused, and nothing is written'(kv) {
    const refusal = { name: 'RedKVError', code: 'ERR_REDKV_UNSUPPORTED', field: 'ttl', operation: 'set' }
    await assert.rejects(kv.set('key', 'value', { ttl: 60_000 }), refusal)
    const error = await kv.setMany({ key: 'value', other: 'value' }, { ttl: '1m' }).catch((error) => error)
    assert.equal(error.code, 'ERR_REDKV_PARTIAL')
    assert.equal(error.errors.get('key').code, 'ERR_REDKV_UNSUPPORTED')
    assert.deepEqual(await kv.hasMany(['key', 'other']), [false, false])
  },
}

/** All that `kv` tells of its keys, each once, in their order. */
async function keysOf(kv, options) {
  const keys = new Set()
  for await (const key of kv.keys(options)) keys.add(key)
  return [...keys].sort()
}

/** Writes many entries, a few at a time: a store that is slow with single ones has its time for each of them. */
async function setAll(kv, keys) {
  for (let n = 0; n < keys.length; n += 200) await kv.setMany(keys.slice(n, n + 200).map((key) => [key, 'value']))
}

const keys = {
  async 'keys are told, those of a prefix too'(kv) {
    await kv.setMany({ 'user:1': 'a', 'user:ü*?[1]\\': 'b', 'User:1': 'c', user: 'd', 'other:user:1': 'e' })
    await kv.delete('user:1')
    assert.deepEqual(await keysOf(kv), ['User:1', 'other:user:1', 'user', 'user:ü*?[1]\\'].sort())
    assert.deepEqual(await keysOf(kv, { prefix: 'user:' }), ['user:ü*?[1]\\'])
    assert.deepEqual(await keysOf(kv, { prefix: 'nobody' }), [])
  },

  async 'keys are told page by page, as long as they are asked for'(kv) {
    const all = Array.from({ length: 1_050 }, (_, n) => `key-${n}`)
    await setAll(kv, all)
    assert.deepEqual(await keysOf(kv), all.sort())
    for await (const key of kv.keys()) {
      assert.ok(all.includes(key))
      break
    }
  },

  async 'clear leaves nothing behind'(kv) {
    await setAll(kv, Array.from({ length: 600 }, (_, n) => `key-${n}`))
    const write = kv.set('on its way', 'value')
    assert.equal(await kv.clear(), undefined)
    await write
    assert.deepEqual(await keysOf(kv), [])
    assert.deepEqual(await kv.getMany(['key-0', 'key-599', 'on its way']), [null, null, null])
    await kv.set('key-0', 'new')
    assert.equal(await kv.get('key-0'), 'new')
  },
}

const noKeys = {
  async 'keys are refused'(kv) {
    await assert.rejects(keysOf(kv), { name: 'RedKVError', code: 'ERR_REDKV_UNSUPPORTED', operation: 'keys' })
  },
}

/** The cases that hold for what can do this much: `[name, case]` each. */
function casesFor(can) {
  return Object.entries({
    ...always,
    ...(can.emptyValues ? emptyValues : {}),
    ...(can.emptyKeys ? emptyKeys : noEmptyKeys),
    ...(can.longKeys ? longKeys : {}),
    ...(can.expire ? expire : noExpire),
    ...(can.keys ? keys : noKeys),
  })
}

/** What chains do with their stores, which are given in their order. */
const chainCases = {
  async 'a value deleted in the first store is found behind it, and fills it again'(kv, first) {
    await kv.set('key', 'value')
    await first.delete('key')
    assert.equal(await first.get('key'), null)
    assert.equal(await kv.has('key'), true)
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await first.get('key'), 'value')
  },

  async 'a value that only the last store has fills all before it'(kv, ...stores) {
    await stores.at(-1).setMany({ a: '1', b: '2' })
    assert.deepEqual(await kv.getMany(['a', 'b', 'missing']), ['1', '2', null])
    assert.deepEqual(await Promise.all(stores.map((store) => store.getMany(['a', 'b']))), stores.map(() => ['1', '2']))
  },

  async 'a write reaches every store'(kv, ...stores) {
    await kv.set('key', 'value')
    assert.deepEqual(await Promise.all(stores.map((store) => store.get('key'))), stores.map(() => 'value'))
    await kv.delete('key')
    assert.deepEqual(await Promise.all(stores.map((store) => store.has('key'))), stores.map(() => false))
  },

  async 'the first store that has a key answers'(kv, first) {
    await kv.set('key', 'value')
    await first.set('key', 'value of the first')
    assert.equal(await kv.get('key'), 'value of the first')
  },
}

module.exports = { casesFor, chainCases: Object.entries(chainCases) }
