'use strict'

// What every store keeps alike. A case gets the object to act on: a chain, or one of its stores.

const assert = require('node:assert/strict')
const { until } = require('../wait.js')

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

  async 'a large value comes back whole'(kv) {
    const ascii = '0123456789abcdef'.repeat(20_000)
    const wide = '日'.repeat(100_000)
    await kv.set('ascii', ascii)
    await kv.set('wide', wide)
    assert.equal(await kv.get('ascii'), ascii)
    assert.equal(await kv.get('wide'), wide)
  },

  async 'many keys are answered together'(kv) {
    const keys = Array.from({ length: 260 }, (_, index) => `key-${index}`)
    await kv.setMany(keys.map((key, index) => [key, index]))
    assert.deepEqual(await kv.getMany(keys), keys.map((_, index) => String(index)))
    await kv.deleteMany(keys.slice(0, 130))
    assert.deepEqual(await kv.hasMany(keys), keys.map((_, index) => index >= 130))
  },

  async 'bytes that are not text come back as they were'(kv) {
    await kv.set('key', allBytes)
    assert.deepEqual(await kv.getBuffer('key'), Buffer.from(allBytes))
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
function keepingCases(can) {
  return Object.entries({
    ...always,
    ...(can.emptyValues ? emptyValues : {}),
    ...(can.emptyKeys ? emptyKeys : noEmptyKeys),
    ...(can.longKeys ? longKeys : {}),
    ...(can.expire ? expire : noExpire),
    ...(can.keys ? keys : noKeys),
  })
}

module.exports = { keepingCases }
