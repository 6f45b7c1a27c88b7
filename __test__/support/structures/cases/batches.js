'use strict'

const assert = require('node:assert/strict')

/** Sends a batch, and returns what its operations came to. */
async function sent(db, queue) {
  const batch = db.batch()
  const promises = queue(batch)
  await batch.exec()
  return Promise.all(promises)
}

/** What batches do. */
const batchCases = [
  ['reads of what is there and what is not', async (db) => {
    await Promise.all([db.set('a', '1'), db.set('b', '2'), db.sAdd('s', 'm')])
    const answers = await sent(db, (batch) => [batch.get('a'), batch.get('none'), batch.get('b'), batch.sMembers('s'), batch.get('a')])
    assert.deepEqual(answers, ['1', null, '2', ['m'], '1'])
  }],
  ['operations on a key take effect in their order', async (db) => {
    const answers = await sent(db, (batch) => [
      ...[batch.get('k'), batch.set('k', '1'), batch.get('k'), batch.set('k', '2'), batch.get('k')],
      ...[batch.delete('k'), batch.get('k'), batch.delete('k'), batch.incrBy('k', 5), batch.incrBy('k', -2)],
    ])
    assert.deepEqual(answers, [null, undefined, '1', undefined, '2', true, null, false, 5, 3])
  }],
  ['the last of two writes of a key wins, of any kind', async (db) => {
    await sent(db, (batch) => [
      ...[batch.set('k', '1'), batch.set('k', '2'), batch.set('d', '1'), batch.delete('d')],
      ...[batch.sAdd('s', 'm'), batch.delete('s'), batch.zAdd('z', 'm', 1), batch.zAdd('z', 'm', 2), batch.zAdd('z', 'n', 1)],
      ...[batch.zRem('z', 'x'), batch.zAdd('z', 'x', 3), batch.zAdd('z', 'x', 0)],
    ])
    assert.deepEqual([await db.get('k'), await db.has('d'), await db.has('s')], ['2', false, false])
    assert.deepEqual(await db.zRangeByScore('z', 0, 9), ['x', 'n', 'm'])
  }],
  ['scores of members that are there and one that is not', async (db) => {
    await Promise.all([db.zAdd('z', 'a', 1), db.zAdd('z', 'b', 2)])
    assert.deepEqual(await sent(db, (batch) => ['a', 'b', 'c'].map((member) => batch.zScore('z', member))), [1, 2, null])
  }],
  ['one that fails fails alone', async (db) => {
    await db.sAdd('s', 'm')
    const batch = db.batch()
    const [before, , after] = [batch.set('k', '1'), batch.get('s'), batch.incrBy('k')]
    const error = await batch.exec().then(assert.fail, (error) => error)
    assert.deepEqual([error.code, [...error.errors.keys()], error.cause.code], ['ERR_REDKV_PARTIAL', ['1'], 'ERR_REDKV_TYPE'])
    assert.deepEqual([await before, await after, await db.get('k')], [undefined, 2, '2'])
  }],
  ['500 operations on as many keys', async (db) => {
    const keys = Array.from({ length: 500 }, (_, n) => `k${n}`)
    await sent(db, (batch) => keys.map((key, n) => batch.set(key, n)))
    assert.deepEqual(await sent(db, (batch) => keys.map((key) => batch.get(key))), keys.map((_, n) => String(n)))
  }],
  ['reads that may be old, and those that may not', async (db) => {
    await db.set('k', 'v')
    assert.equal(await db.eventuallyConsistent().get('k'), 'v')
    assert.deepEqual(await sent(db.eventuallyConsistent(), (batch) => [batch.get('k'), batch.get('none')]), ['v', null])
  }],
]

module.exports = { batchCases }
