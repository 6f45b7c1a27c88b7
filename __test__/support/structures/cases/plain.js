'use strict'

const assert = require('node:assert/strict')

const sorted = async (list) => (await list).sort()
const fields = async (record) => ({ ...(await record) })

/** What values, counters, sets and hashes do, with keys of their own. */
const plainCases = ({ refusesEmpty }) => [
  ['a value is read as it was written, and null where there is none', async (db) => {
    assert.equal(await db.get('k'), null)
    assert.equal(await db.set('k', 'v'), undefined)
    assert.equal(await db.get('k'), 'v')
    await db.set('k', Buffer.from([0, 0xff, 0x78]))
    assert.deepEqual(await db.get('k', { buffers: true }), Buffer.from([0, 0xff, 0x78]))
    await db.set('k', 42)
    assert.equal(await db.get('k'), '42')
    await db.set('k', '')
    assert.equal(await db.get('k'), '')
  }],
  ['a value may be large', async (db) => {
    const large = Buffer.alloc(300_000, 'é')
    await db.set('k', large)
    assert.deepEqual(await db.get('k', { buffers: true }), large)
  }],
  ['a key may be any text or bytes', async (db) => {
    const keys = ['é😀', Buffer.from([0, 0xff]), '_', '~a', 'a b\n', '{tag}x', 'k'.repeat(1000)]
    await Promise.all(keys.map((key, n) => db.set(key, n)))
    assert.deepEqual(await Promise.all(keys.map((key) => db.get(key))), keys.map((_, n) => String(n)))
  }],
  ['an empty key, member and field work where the backend takes them, and are refused by name where not', async (db) => {
    const call = async () => {
      await db.set('', 'v')
      await db.zAdd('z', '', 1)
      await db.zhAdd('z', '', 'm', 1)
      return [await db.get(''), await db.zhRangeByScore('z', 1, 1)]
    }
    if (!refusesEmpty) return assert.deepEqual(await call(), ['v', ['m']])
    await assert.rejects(db.set('', 'v'), { code: 'ERR_REDKV_ARGUMENT', field: 'key' })
    await assert.rejects(db.zAdd('z', '', 1), { code: 'ERR_REDKV_ARGUMENT', field: 'member' })
    await assert.rejects(db.zhAdd('z', '', 'm', 1), { code: 'ERR_REDKV_ARGUMENT', field: 'field' })
  }],
  ['empty values, members of sets, and fields and values of hashes work', async (db) => {
    await db.hSet('h', { '': 'of nothing', f: '' })
    assert.deepEqual(await fields(db.hGetAll('h')), { '': 'of nothing', f: '' })
    assert.equal(await db.hGet('h', ''), 'of nothing')
    await db.sAdd('s', ['', 'a'])
    assert.deepEqual(await sorted(db.sMembers('s')), ['', 'a'])
    assert.equal(await db.sIsMember('s', ''), true)
    await db.zhAdd('z', 'f', '', 1)
    assert.deepEqual(await db.zhRangeByScore('z', 1, 1), [''])
  }],
  ['delete says whether there was something', async (db) => {
    assert.equal(await db.delete('k'), false)
    await db.set('k', 'v')
    assert.equal(await db.has('k'), true)
    assert.equal(await db.delete('k'), true)
    assert.equal(await db.get('k'), null)
    assert.equal(await db.delete('k', { of: 'value' }), false)
  }],
  ['setNX writes once, and setXX only what is there', async (db) => {
    assert.equal(await db.setXX('k', 'x'), false)
    assert.equal(await db.get('k'), null)
    assert.equal(await db.setNX('k', 'v'), true)
    assert.equal(await db.setNX('k', 'w'), false)
    assert.equal(await db.get('k'), 'v')
    assert.equal(await db.setXX('k', 'x'), true)
    assert.equal(await db.get('k'), 'x')
  }],
  ['setEQ replaces what is equal, text and numbers alike', async (db) => {
    assert.equal(await db.setEQ('k', 'w', 'v'), false)
    assert.equal(await db.has('k'), false)
    await db.set('k', 'v')
    assert.equal(await db.setEQ('k', 'x', 'w'), false)
    assert.equal(await db.setEQ('k', 1, 'v'), true)
    assert.equal(await db.setEQ('k', '2', '1'), true)
    assert.equal(await db.setEQ('k', 3, 2), true)
    assert.equal(await db.setEQ('k', 4, '03'), false)
    assert.equal(await db.get('k'), '3')
  }],
  ['a counter begins at 0, which incrBy 0 writes', async (db) => {
    assert.equal(await db.incrBy('n', 0), 0)
    assert.equal(await db.get('n'), '0')
    assert.equal(await db.incrBy('n', 2), 2)
    assert.equal(await db.incrBy('n', -3), -1)
    assert.equal(await db.incrBy('n'), 0)
  }],
  ['a counter may have been set as text or a number', async (db) => {
    await Promise.all([db.set('text', '10'), db.set('number', 10)])
    assert.deepEqual([await db.incrBy('text', 5), await db.incrBy('number', 5)], [15, 15])
    assert.deepEqual([await db.get('text'), await db.get('number')], ['15', '15'])
  }],
  ['what is no number is not counted', async (db) => {
    await db.set('k', 'text')
    await assert.rejects(db.incrBy('k', 1), { code: 'ERR_REDKV_VALUE', operation: 'incrBy' })
    assert.equal(await db.get('k'), 'text')
  }],
  ['a counter is exact up to the ends of 64 bits, and never leaves them', async (db) => {
    const [most, least] = [2n ** 63n - 1n, -(2n ** 63n)]
    assert.equal(await db.incrBy('k', most), most)
    await assert.rejects(db.incrBy('k', 1n), { code: 'ERR_REDKV_VALUE', outcome: 'not-applied' })
    assert.equal(await db.get('k'), String(most))
    assert.equal(await db.incrBy('l', least), least)
    await assert.rejects(db.incrBy('l', -1n), { code: 'ERR_REDKV_VALUE' })
    assert.equal(await db.get('l'), String(least))
    assert.equal(await db.incrBy('l', most), -1n)
  }],
  ['100 increments of one turn are all counted', async (db) => {
    const sums = await Promise.all(Array.from({ length: 100 }, () => db.incrBy('n')))
    assert.deepEqual(sums, Array.from({ length: 100 }, (_, n) => n + 1))
  }],
  ['a set has each member once', async (db) => {
    assert.deepEqual(await db.sMembers('s'), [])
    await db.sAdd('s', 'a')
    await db.sAdd('s', ['a', 'b', 3, 'b'])
    assert.deepEqual(await sorted(db.sMembers('s')), ['3', 'a', 'b'])
    assert.deepEqual([await db.sCard('s'), await db.sIsMember('s', 3), await db.sIsMember('s', 'c')], [3, true, false])
  }],
  ['members are removed, also of a set that is not there, and an empty set is none', async (db) => {
    await db.sRem('s', 'a')
    assert.deepEqual([await db.has('s'), await db.delete('s')], [false, false])
    await db.sAdd('s', ['a', 'b', 'c', 'd'])
    await db.sRem('s', ['b', 'd', 'x', 'b'])
    assert.deepEqual(await sorted(db.sMembers('s')), ['a', 'c'])
    await db.sRem('s', ['a', 'c'])
    assert.deepEqual([await db.sMembers('s'), await db.sCard('s'), await db.has('s'), await db.delete('s')], [[], 0, false, false])
    assert.equal(await db.setNX('s', 'v'), true)
  }],
  ['a hash has fields, which are merged', async (db) => {
    assert.deepEqual([await db.hGet('h', 'f'), await fields(db.hGetAll('h'))], [null, {}])
    await db.hSet('h', 'bar', 'baz')
    await db.hSet('h', { f2: 7, '?>': 'x', __proto__: null })
    await db.hSet('h', [['bar', 'new'], ['bar', 'newer']])
    assert.deepEqual(await fields(db.hGetAll('h')), { bar: 'newer', f2: '7', '?>': 'x' })
    assert.deepEqual([await db.hGet('h', 'f2'), await db.hGet('h', 'f3')], ['7', null])
  }],
  ['fields are deleted, also of a hash that is not there, and an empty hash is none', async (db) => {
    await db.hDel('h', 'f')
    assert.equal(await db.has('h'), false)
    await db.hSet('h', { a: 1, b: 2, c: 3 })
    await db.hDel('h', ['a', 'x', 'a'])
    assert.deepEqual(await fields(db.hGetAll('h')), { b: '2', c: '3' })
    await db.hDel('h', ['b', 'c'])
    assert.deepEqual([await fields(db.hGetAll('h')), await db.has('h'), await db.delete('h'), await db.setXX('h', 1)], [{}, false, false, false])
    assert.equal(await db.setNX('h', 'v'), true)
  }],
  ['a hash may have names that objects have by themselves', async (db) => {
    await db.hSet('h', JSON.parse('{ "__proto__": "1", "constructor": "2" }'))
    assert.deepEqual(Object.entries(await db.hGetAll('h')).sort(), [['__proto__', '1'], ['constructor', '2']])
  }],
  ['a hash may be written with 400 fields at once', async (db) => {
    const wide = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`field-${n}`, String(n)]))
    await db.hSet('h', wide)
    assert.deepEqual(await fields(db.hGetAll('h')), wide)
    await db.hDel('h', Object.keys(wide).slice(1))
    assert.deepEqual(await fields(db.hGetAll('h')), { 'field-0': '0' })
  }],
  ['a value replaces what the key held', async (db) => {
    await db.sAdd('s', 'm')
    await db.set('s', 'v')
    assert.equal(await db.get('s'), 'v')
    await db.hSet('h', 'f', 'v')
    await db.set('h', 'v')
    assert.equal(await db.get('h'), 'v')
    await db.delete('h')
    assert.deepEqual(await fields(db.hGetAll('h')), {})
  }],
]

module.exports = { plainCases }
