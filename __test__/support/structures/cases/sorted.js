'use strict'

const assert = require('node:assert/strict')

const all = async (entries) => {
  const list = []
  for await (const entry of entries) list.push(entry)
  return list
}

/** Members of scores from −2 to 2, two of which have one score. */
async function fill(db, key = 'z') {
  for (const [member, score] of [['a', -2], ['b', -1], ['d', 0], ['c', 0], ['e', 1], ['f', 2]]) await db.zAdd(key, member, score)
}

const scored = (...pairs) => pairs.map(([value, score]) => ({ value, score }))

/** What sorted sets and sorted hashes do by score. */
const sortedCases = () => [
  ['ranges by score have both ends, ties by bytes, and their exact reverse', async (db) => {
    await fill(db)
    assert.deepEqual(await db.zRangeByScore('z', -1, 1), ['b', 'c', 'd', 'e'])
    assert.deepEqual(await db.zRangeByScore('z', -1, 1, { reverse: true }), ['e', 'd', 'c', 'b'])
    assert.deepEqual(await db.zRangeByScore('z', -Infinity, 0), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await db.zRangeByScore('z', 0, Infinity, { limit: 2, reverse: true }), ['f', 'e'])
    assert.deepEqual(await db.zRangeByScore('z', -Infinity, Infinity, { limit: 3 }), ['a', 'b', 'c'])
    assert.deepEqual(await db.zRangeByScore('z', 1, -1), [])
    assert.deepEqual(await db.zRangeByScore('none', -9, 9), [])
  }],
  ['ranges may have the scores', async (db) => {
    await fill(db)
    assert.deepEqual(await db.zRangeByScore('z', 0, 1, { withScores: true }), scored(['c', 0], ['d', 0], ['e', 1]))
    assert.deepEqual(await db.zRangeByScore('z', 0, 1, { withScores: true, reverse: true, limit: 1 }), scored(['e', 1]))
  }],
  ['ties are in the order of their bytes', async (db) => {
    const members = ['00', '10', '9', 'B', 'a', 'aa', 'b', 'é', 'ff']
    await Promise.all(members.map((member) => db.zAdd('z', member, 7)))
    const ordered = members.map((member) => Buffer.from(member)).sort(Buffer.compare).map(String)
    assert.deepEqual(await db.zRangeByScore('z', 7, 7), ordered)
    assert.deepEqual(await db.zRangeByScore('z', 7, 7, { reverse: true }), ordered.reverse())
  }],
  ['a member that is put again moves', async (db) => {
    await fill(db)
    await db.zAdd('z', 'a', 3)
    assert.deepEqual(await db.zRangeByScore('z', 2, 9), ['f', 'a'])
    assert.deepEqual([await db.zCard('z'), await db.zScore('z', 'a'), await db.zScore('z', 'x')], [6, 3, null])
  }],
  ['members are removed, and an empty sorted set is none', async (db) => {
    await fill(db)
    await db.zRem('z', ['a', 'x', 'c'])
    assert.deepEqual(await db.zRangeByScore('z', -9, 9), ['b', 'd', 'e', 'f'])
    await db.zRem('z', ['b', 'd', 'e', 'f'])
    assert.deepEqual([await db.has('z'), await db.delete('z'), await db.setNX('z', 'v')], [false, false, true])
  }],
  ['delete removes all of a sorted set and a sorted hash', async (db) => {
    await fill(db)
    await db.zhAdd('zh', 'f', 'm', 1)
    assert.deepEqual([await db.has('z'), await db.delete('z'), await db.has('z'), await db.zCard('z')], [true, true, false, 0])
    assert.equal(await db.delete('zh'), true)
    await db.zAdd('zh', 'f', 1)
    assert.deepEqual(await db.zhRangeByScore('zh', 0, 9), ['f'])
  }],
  ['counts are exact', async (db) => {
    await fill(db)
    const counts = [[-1, 1], [-Infinity, Infinity], [0, 0], [3, 9], [1, -1]].map(([min, max]) => db.zCount('z', min, max))
    assert.deepEqual(await Promise.all(counts), [4, 6, 2, 0, 0])
  }],
  ['1,100 members of 1 kB at one score are counted and listed', async (db) => {
    const members = Array.from({ length: 1100 }, (_, n) => String(n).padStart(1000, '0'))
    await Promise.all(members.map((member) => db.zAdd('z', member, 5)))
    assert.deepEqual([await db.zCount('z', 5, 5), await db.zCard('z'), await db.zLexCount('z', '-', '+')], [1100, 1100, 1100])
    assert.deepEqual(await db.zRangeByScore('z', 5, 5), members)
    assert.deepEqual(await db.zRangeByLex('z', '-', '+', { reverse: true, limit: 1050 }), members.slice(50).reverse())
    assert.deepEqual((await all(db.zIterate('z', { reverse: true }))).map(({ value }) => value), members.toReversed())
  }],
  ['scores may be infinite, and minus zero is 0', async (db) => {
    await Promise.all([db.zAdd('z', 'low', -Infinity), db.zAdd('z', 'high', Infinity), db.zAdd('z', 'zero', -0)])
    assert.deepEqual(await db.zRangeByScore('z', -Infinity, Infinity, { withScores: true }), scored(['low', -Infinity], ['zero', 0], ['high', Infinity]))
    assert.deepEqual(await db.zRangeByScore('z', 0, -0), ['zero'])
    assert.ok(Object.is(await db.zScore('z', 'zero'), 0))
    assert.equal(await db.zCount('z', Infinity, Infinity), 1)
  }],
  ['scores are exact', async (db) => {
    const scores = [Number.MIN_VALUE, 0.1, 1 / 3, 2 ** 53 + 2, 1e21, Number.MAX_VALUE, -Number.MAX_VALUE, -1e-7]
    await Promise.all(scores.map((score) => db.zAdd('z', score, score)))
    assert.deepEqual(await Promise.all(scores.map((score) => db.zScore('z', score))), scores)
    assert.deepEqual((await all(db.zIterate('z'))).map(({ score }) => score), scores.toSorted((a, b) => a - b))
  }],
  ['zIncrBy adds to what is there, or to 0', async (db) => {
    assert.equal(await db.zIncrBy('z', 'm', 2.5), 2.5)
    assert.equal(await db.zIncrBy('z', 'm', -4), -1.5)
    assert.equal(await db.zIncrBy('z', 'm', Infinity), Infinity)
    await assert.rejects(db.zIncrBy('z', 'm', -Infinity), { code: 'ERR_REDKV_VALUE', operation: 'zIncrBy' })
    assert.equal(await db.zScore('z', 'm'), Infinity)
  }],
  ['the member _ is a member as any', async (db) => {
    await db.zAdd('z', 'a', 1)
    let isTaken = true
    try {
      await db.zAdd('z', '_', 2)
    } catch (error) {
      assert.deepEqual([error.code, error.field], ['ERR_REDKV_ARGUMENT', 'member'])
      isTaken = false
    }
    assert.deepEqual(await db.zRangeByScore('z', 0, 9), isTaken ? ['a', '_'] : ['a'])
    assert.equal(await db.zScore('z', '_'), isTaken ? 2 : null)
  }],
  ['a sorted hash is ordered by scores and fields, and has values', async (db) => {
    for (const [field, member, score] of [['b', 'B', 1], ['a', 'A', 1], ['c', 'C', 0]]) await db.zhAdd('z', field, member, score)
    assert.deepEqual(await db.zhRangeByScore('z', 0, 1), ['C', 'A', 'B'])
    assert.deepEqual(await db.zhRangeByScore('z', 0, 1, { reverse: true, limit: 2, withScores: true }), scored(['B', 1], ['A', 1]))
    assert.deepEqual(await db.zRangeByScore('z', 0, 1), ['c', 'a', 'b'])
    assert.deepEqual([await db.zScore('z', 'a'), await db.zScore('z', 'A')], [1, null])
  }],
  ['a field that is put again has a new value and score', async (db) => {
    await db.zhAdd('z', 'f', 'member', 2)
    await db.zhAdd('z', 'f', 'm2', 3)
    assert.deepEqual(await db.zhRangeByScore('z', 0, 9, { withScores: true }), scored(['m2', 3]))
    await db.zIncrBy('z', 'f', 1)
    assert.deepEqual(await db.zhRangeByScore('z', 0, 9, { withScores: true }), scored(['m2', 4]))
  }],
  ['a field that was removed leaves no value behind', async (db) => {
    await db.zhAdd('z', 'f', 'old', 1)
    await db.zRem('z', 'f')
    await db.zAdd('z', 'f', 1)
    assert.deepEqual(await db.zhRangeByScore('z', 0, 9), ['f'])
    await db.zhRem('z', ['f', 'x'])
    assert.equal(await db.has('z'), false)
  }],
  ['members and fields mix in ranges of a sorted hash', async (db) => {
    await db.zAdd('z', 'plain', 1)
    await db.zhAdd('z', 'f', 'value', 1)
    assert.deepEqual(await db.zhRangeByScore('z', -Infinity, Infinity), ['value', 'plain'])
    assert.deepEqual((await all(db.zhIterate('z', { by: 'lex', reverse: true }))).map(({ value }) => value), ['plain', 'value'])
  }],
  ['an iteration has every entry once, while others are removed and added', async (db) => {
    const names = Array.from({ length: 2500 }, (_, n) => `m${String(n).padStart(5, '0')}`)
    await Promise.all(names.map((name, n) => db.zAdd('z', name, n)))
    const seen = []
    for await (const { value } of db.zIterate('z')) {
      seen.push(value)
      if (seen.length === 1000) await Promise.all([db.zRem('z', [names[999], names[1000]]), db.zAdd('z', 'later', 2000.5)])
    }
    const expected = names.filter((name) => name !== names[1000])
    assert.deepEqual(seen, expected.toSpliced(2000, 0, 'later'))
  }],
  ['10 writers that add to one score count all of it', async (db) => {
    await Promise.all(Array.from({ length: 10 }, () => tenTimes(db)))
    assert.equal(await db.zScore('z', 'm'), 100)
  }],
]

async function tenTimes(db) {
  for (let n = 0; n < 10; n += 1) await db.zIncrBy('z', 'm', 1)
}

module.exports = { sortedCases }
