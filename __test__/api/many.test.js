'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { rejectionOf } = require('../support/refused.js')
const { open } = require('../support/stores.js')

for (const names of [['memory'], ['sqlite'], ['memory', 'sqlite']]) {
  describe(`many keys at once on ${names.join(', ')}`, () => {
    for (const count of [0, 1, 100, 1024, 1025, 100_000]) {
      test(`are answered in their order when they are ${count}`, async (t) => {
        const [kv] = await open(t, ...names)
        const keys = Array.from({ length: count }, (_, n) => `key-${n}`)
        await kv.setMany(keys.slice(1).map((key) => [key, `value of ${key}`]))
        const expected = keys.map((key, n) => (n === 0 ? null : `value of ${key}`))
        assert.deepEqual(await kv.getMany(keys), expected)
        assert.deepEqual(await kv.hasMany(keys), expected.map((value) => value !== null))
        await kv.deleteMany(keys)
        assert.deepEqual(await kv.hasMany(keys), keys.map(() => false))
      })
    }

    test('are refused when the list has a hole', async (t) => {
      const [kv] = await open(t, ...names)
      const keys = ['first', 'second', 'third']
      delete keys[1]
      assert.equal((await rejectionOf(() => kv.getMany(keys))).field, 'key')
    })

    test('are refused with the error of the list itself', async (t) => {
      const [kv] = await open(t, ...names)
      const keys = Object.defineProperty(['first', 'second'], 1, {
        get() {
          throw new RangeError('from the list')
        },
      })
      await assert.rejects(kv.getMany(keys), { name: 'RangeError', message: 'from the list' })
    })

    test('are distinguished when one of them is a list', async (t) => {
      const [kv] = await open(t, ...names)
      assert.equal((await rejectionOf(() => kv.getMany([['nested']]))).field, 'key')
      assert.equal((await rejectionOf(() => kv.getMany([null, 'key']))).field, 'key')
    })

    test('have the same names as single keys, of any length and script', async (t) => {
      const [kv] = await open(t, ...names)
      const keys = ['é', 'ключ', '鍵', '🔑', '', ...[7, 8, 9, 15, 16, 17, 510, 511, 512, 513].map((n) => 'k'.repeat(n)), 'é'.repeat(511)]
      for (const key of keys) await kv.set(key, `value of ${key}`)
      assert.deepEqual(await kv.getMany(keys), keys.map((key) => `value of ${key}`))
      assert.deepEqual(await Promise.all(keys.map((key) => kv.get(key))), keys.map((key) => `value of ${key}`))
    })
  })
}
