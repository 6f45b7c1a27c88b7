'use strict'

const assert = require('node:assert/strict')

async function fill(db) {
  await Promise.all(['a', 'b', 'c', 'd'].map((member) => db.zAdd('z', member, 0)))
}

/** Ranges of a, b, c, d. */
const ranges = [
  ['-', '+', 'abcd'],
  ['[a', '[d', 'abcd'],
  ['(a', '(d', 'bc'],
  ['(a', '[c', 'bc'],
  ['[b', '(d', 'bc'],
  ['-', '(c', 'ab'],
  ['(b', '+', 'cd'],
  ['[b', '[b', 'b'],
  ['(b', '[b', ''],
  ['[bb', '[cc', 'c'],
  ['(aa', '(b', ''],
  ['[c', '[b', ''],
  ['+', '-', ''],
  ['+', '+', ''],
  ['-', '-', ''],
  ['[', '[b', 'ab'],
]

/** What sorted sets do by the bytes of their members. */
const lexCases = [
  ...ranges.map(([min, max, expected]) => [
    `from ${min} to ${max} are '${expected}', in both directions, and so many`,
    async (db) => {
      await fill(db)
      assert.equal((await db.zRangeByLex('z', min, max)).join(''), expected)
      assert.equal((await db.zRangeByLex('z', min, max, { reverse: true })).reverse().join(''), expected)
      assert.equal(await db.zLexCount('z', min, max), expected.length)
    },
  ]),
  ['a limit cuts from the end where the range begins', async (db) => {
    await fill(db)
    assert.deepEqual(await db.zRangeByLex('z', '(a', '+', { limit: 2 }), ['b', 'c'])
    assert.deepEqual(await db.zRangeByLex('z', '-', '(c', { limit: 1, reverse: true }), ['b'])
    assert.deepEqual(await db.zRangeByLex('z', '[x', '+', { limit: 1 }), [])
  }],
  ['the value of a key is no member of it', async (db) => {
    assert.equal(await db.zLexCount('z', '-', '+'), 0)
    await db.set('k', 'v')
    await db.delete('k')
    await db.zAdd('k', 'a', 0)
    assert.deepEqual(await db.zRangeByLex('k', '-', '+'), ['a'])
  }],
  ['a sorted hash is listed by its fields, as its values', async (db) => {
    for (const [field, member] of [['b', 'X'], ['a', 'Y'], ['c', 'Z']]) await db.zhAdd('z', field, member, 0)
    await db.zAdd('z', 'bb', 0)
    assert.deepEqual(await db.zhRangeByLex('z', '-', '+'), ['Y', 'X', 'bb', 'Z'])
    assert.deepEqual(await db.zhRangeByLex('z', '(a', '(c', { reverse: true }), ['bb', 'X'])
    assert.deepEqual(await db.zRangeByLex('z', '[a', '[b'), ['a', 'b'])
  }],
]

module.exports = { lexCases }
