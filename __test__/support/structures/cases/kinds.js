'use strict'

const assert = require('node:assert/strict')

/** How a key comes to hold each kind. */
const makers = {
  value: (db, key) => db.set(key, 'text'),
  number: (db, key) => db.set(key, 10),
  set: (db, key) => db.sAdd(key, 'm'),
  hash: (db, key) => db.hSet(key, 'f', 'v'),
  'sorted set': (db, key) => db.zAdd(key, 'm', 1),
  'sorted hash': (db, key) => db.zhAdd(key, 'f', 'm', 1),
}

const sortedKinds = ['sorted set', 'sorted hash']

/** The operations of each kind. */
const operations = {
  value: [
    (db) => db.get('k'),
    (db) => db.incrBy('k', 1),
    (db) => db.incrBy('k', 0),
    (db) => db.setEQ('k', 'new', 'text'),
    (db) => db.setEQ('k', 1, 10),
  ],
  set: [
    (db) => db.sAdd('k', 'x'),
    (db) => db.sRem('k', 'm'),
    (db) => db.sMembers('k'),
    (db) => db.sIsMember('k', 'm'),
    (db) => db.sCard('k'),
  ],
  hash: [
    (db) => db.hSet('k', 'f', 'new'),
    (db) => db.hDel('k', 'f'),
    (db) => db.hGet('k', 'f'),
    (db) => db.hGetAll('k'),
  ],
  sorted: [
    (db) => db.zAdd('k', 'm', 2),
    (db) => db.zhAdd('k', 'f', 'm2', 2),
    (db) => db.zIncrBy('k', 'm', 1),
    (db) => db.zRem('k', 'm'),
    (db) => db.zhRem('k', 'f'),
    (db) => db.zScore('k', 'm'),
    (db) => db.zCard('k'),
    (db) => db.zCount('k', 0, 9),
    (db) => db.zLexCount('k', '-', '+'),
    (db) => db.zRangeByScore('k', 0, 9),
    (db) => db.zhRangeByScore('k', 0, 9),
    (db) => db.zRangeByLex('k', '-', '+'),
    (db) => db.zhRangeByLex('k', '-', '+'),
    (db) => db.zIterate('k').next(),
    (db) => db.zhIterate('k').next(),
  ],
}

const familyOf = { value: 'value', number: 'value', set: 'set', hash: 'hash', 'sorted set': 'sorted', 'sorted hash': 'sorted' }

/** What a key holds, as text. */
const contents = {
  value: (db) => db.get('k'),
  number: (db) => db.get('k'),
  set: (db) => db.sMembers('k'),
  hash: (db) => db.hGetAll('k'),
  'sorted set': (db) => db.zRangeByScore('k', 0, 9, { withScores: true }),
  'sorted hash': (db) => db.zhRangeByScore('k', 0, 9, { withScores: true }),
}

const kinds = Object.keys(makers)

/** Pairs of a kind that a key holds and the operations of another one that see it. */
function wrongPairs({ isBeside }) {
  const pairs = kinds.flatMap((kind) => Object.keys(operations).map((family) => [kind, family]))
  return pairs.filter(([kind, family]) => {
    const isOther = familyOf[kind] !== family
    const isApart = (familyOf[kind] === 'sorted') !== (family === 'sorted')
    return isOther && !(isBeside && isApart)
  })
}

const wrongKindCases = (abilities) =>
  wrongPairs(abilities).map(([kind, family]) => [
    `operations on a ${family} of a key with a ${kind} reject, and change nothing`,
    async (db) => {
      await makers[kind](db, 'k')
      const before = JSON.stringify(await contents[kind](db))
      for (const call of operations[family]) {
        await assert.rejects(call(db), { code: 'ERR_REDKV_TYPE', outcome: 'not-applied', retryable: false }, String(call))
      }
      assert.equal(JSON.stringify(await contents[kind](db)), before)
    },
  ])

/** What writes of values do to keys that hold something else. */
const replacingCases = ({ isBeside }) =>
  kinds
    .filter((kind) => !(isBeside && sortedKinds.includes(kind)))
    .flatMap((kind) => [
      [`set replaces a ${kind}`, async (db) => {
        await makers[kind](db, 'k')
        await db.set('k', 'new')
        assert.equal(await db.get('k'), 'new')
        assert.equal(await db.delete('k'), true)
        assert.equal(await db.has('k'), false)
      }],
      [`setNX leaves a ${kind}, and setXX replaces it`, async (db) => {
        await makers[kind](db, 'k')
        const before = JSON.stringify(await contents[kind](db))
        assert.equal(await db.setNX('k', 'new'), false)
        assert.equal(JSON.stringify(await contents[kind](db)), before)
        assert.equal(await db.setXX('k', 'new'), true)
        assert.equal(await db.get('k'), 'new')
      }],
    ])

/** What is there whatever a key holds. */
const anyKindCases = kinds.map((kind) => [
  `a ${kind} is there, is deleted, and is gone`,
  async (db) => {
    await makers[kind](db, 'k')
    assert.deepEqual([await db.has('k'), await db.delete('k'), await db.has('k'), await db.delete('k')], [true, true, false, false])
    await makers.set(db, 'k')
    assert.deepEqual(await db.sMembers('k'), ['m'])
  },
])

const besideCases = [
  ['sorted members may be beside a value, and neither sees the other', async (db) => {
    await db.set('k', 'v')
    await db.zAdd('k', 'm', 1)
    assert.deepEqual([await db.get('k'), await db.zRangeByLex('k', '-', '+'), await db.zLexCount('k', '-', '+'), await db.zCard('k')], ['v', ['m'], 1, 1])
    await db.set('k', 'w')
    assert.deepEqual(await db.zRangeByScore('k', 0, 9), ['m'])
    assert.equal(await db.delete('k', { of: 'value' }), true)
    assert.deepEqual([await db.get('k'), await db.zCard('k'), await db.has('k')], [null, 1, true])
    await db.hSet('k', 'f', 'v')
    assert.equal(await db.delete('k'), true)
    assert.deepEqual([await db.has('k'), await db.zCard('k'), await db.hGet('k', 'f')], [false, 0, null])
  }],
]

/** That a key has one kind. */
const kindCases = (abilities) => [
  ...anyKindCases,
  ...wrongKindCases(abilities),
  ...replacingCases(abilities),
  ...(abilities.isBeside ? besideCases : []),
]

module.exports = { kindCases, makers }
