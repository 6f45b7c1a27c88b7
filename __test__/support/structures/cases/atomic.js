'use strict'

const assert = require('node:assert/strict')

/** Sends an atomic write: whether it was written, and of which operations the condition failed. */
async function written(db, queue) {
  const write = db.atomicWrite()
  const handles = queue(write)
  const isWritten = await write.exec()
  return [isWritten, handles.map(({ conditionalFailed }) => conditionalFailed)]
}

const members = async (db, key) => (await db.sMembers(key)).sort()
const fields = async (db, key) => ({ ...(await db.hGetAll(key)) })

/** An operation that keeps an atomic write from being made: `there` is. */
const failing = (write) => write.setNX('{t}there', 'x')

/** Each write: what it does, what a key holds before it, and what after it. */
const writes = {
  set: [(write) => write.set('{t}k', 'v'), () => {}, (db) => db.get('{t}k'), null, 'v'],
  setNX: [(write) => write.setNX('{t}k', 'v'), () => {}, (db) => db.get('{t}k'), null, 'v'],
  setXX: [(write) => write.setXX('{t}k', 'v'), (db) => db.set('{t}k', 'o'), (db) => db.get('{t}k'), 'o', 'v'],
  setEQ: [(write) => write.setEQ('{t}k', 2, '1'), (db) => db.set('{t}k', 1), (db) => db.get('{t}k'), '1', '2'],
  delete: [(write) => write.delete('{t}k'), (db) => db.set('{t}k', 'o'), (db) => db.get('{t}k'), 'o', null],
  deleteXX: [(write) => write.deleteXX('{t}k'), (db) => db.set('{t}k', 'o'), (db) => db.get('{t}k'), 'o', null],
  incrBy: [(write) => write.incrBy('{t}k'), () => {}, (db) => db.get('{t}k'), null, '1'],
  'incrBy of text': [(write) => write.incrBy('{t}k', 5n), (db) => db.set('{t}k', '10'), (db) => db.get('{t}k'), '10', '15'],
  zAdd: [(write) => write.zAdd('{t}k', 'b', 2), (db) => db.zAdd('{t}k', 'a', 1), (db) => db.zRangeByScore('{t}k', 0, 9), ['a'], ['a', 'b']],
  zAddNX: [(write) => write.zAddNX('{t}k', 'b', 0), (db) => db.zAdd('{t}k', 'a', 1), (db) => db.zRangeByScore('{t}k', 0, 9), ['a'], ['b', 'a']],
  zRem: [(write) => write.zRem('{t}k', 'a'), (db) => db.zAdd('{t}k', 'a', 1), (db) => db.zRangeByScore('{t}k', 0, 9), ['a'], []],
  zhAdd: [(write) => write.zhAdd('{t}k', 'a', 'B', 1), (db) => db.zhAdd('{t}k', 'a', 'A', 1), (db) => db.zhRangeByScore('{t}k', 0, 9), ['A'], ['B']],
  zhRem: [(write) => write.zhRem('{t}k', 'a'), (db) => db.zhAdd('{t}k', 'a', 'A', 1), (db) => db.zhRangeByScore('{t}k', 0, 9), ['A'], []],
  sAdd: [(write) => write.sAdd('{t}k', ['b', 'c']), (db) => db.sAdd('{t}k', 'a'), (db) => members(db, '{t}k'), ['a'], ['a', 'b', 'c']],
  sRem: [(write) => write.sRem('{t}k', 'b'), (db) => db.sAdd('{t}k', ['a', 'b']), (db) => members(db, '{t}k'), ['a', 'b'], ['a']],
  hSet: [(write) => write.hSet('{t}k', { f: 1, g: 2 }), () => {}, (db) => fields(db, '{t}k'), {}, { f: '1', g: '2' }],
  hSetNX: [(write) => write.hSetNX('{t}k', 'f', 1), (db) => db.hSet('{t}k', 'g', 2), (db) => fields(db, '{t}k'), { g: '2' }, { f: '1', g: '2' }],
  hDel: [(write) => write.hDel('{t}k', 'f'), (db) => db.hSet('{t}k', { f: 1, g: 2 }), (db) => fields(db, '{t}k'), { f: '1', g: '2' }, { g: '2' }],
}

const eachCases = Object.entries(writes).map(([name, [queue, prepare, read, before, after]]) => [
  `${name} is made together with others, or not at all`,
  async (db) => {
    await db.set('{t}there', '1')
    await prepare(db)
    assert.deepEqual(await written(db, (write) => [queue(write), failing(write)]), [false, [false, true]])
    assert.deepEqual(await read(db), before)
    assert.deepEqual(await written(db, (write) => [queue(write), write.set('{t}other', '1')]), [true, [false, false]])
    assert.deepEqual([await read(db), await db.get('{t}other')], [after, '1'])
  },
])

/** What atomic writes do. */
const atomicCases = () => [
  ...eachCases,
  ['an error says which operation it is about', async (db) => {
    await db.set('{t}text', 'text')
    const failure = (queue) => {
      const write = db.atomicWrite()
      queue(write.set('{t}a', 'x') && write)
      return write.exec().then(() => assert.fail('it was to fail'), ({ code, operation, message }) => [code, operation, message.match(/\(.*\)$/)?.[0]])
    }
    assert.deepEqual(await failure((write) => write.sAdd('{t}text', 'm')), ['ERR_REDKV_TYPE', 'atomicWrite', '(operation 1 of the atomic write, sAdd)'])
    assert.deepEqual(await failure((write) => write.incrBy('{t}text')), ['ERR_REDKV_VALUE', 'atomicWrite', '(operation 1 of the atomic write, incrBy)'])
  }],
  ['each operation says whether its own condition failed', async (db) => {
    await db.set('{t}a', '1')
    const queue = (write) => [write.setNX('{t}a', 'x'), write.setXX('{t}b', 'x'), write.set('{t}c', 'x'), write.deleteXX('{t}d'), write.setEQ('{t}e', 1, 0)]
    assert.deepEqual(await written(db, queue), [false, [true, true, false, true, true]])
    assert.deepEqual([await db.get('{t}a'), await db.has('{t}c')], ['1', false])
  }],
  ['each operation on one hash says whether its own condition failed', async (db) => {
    await db.hSet('{t}h', 'a', 1)
    const queue = (write) => [write.hSetNX('{t}h', 'a', 2), write.hSetNX('{t}h', 'b', 2), write.hSet('{t}h', 'c', 2)]
    assert.deepEqual(await written(db, queue), [false, [true, false, false]])
    assert.deepEqual(await fields(db, '{t}h'), { a: '1' })
  }],
  ['conditions look at keys of any kind', async (db) => {
    await Promise.all([db.sAdd('{t}s', 'm'), db.hSet('{t}h', 'f', 'v')])
    const nx = (write) => [write.setNX('{t}s', 'x'), write.setNX('{t}h', 'x')]
    assert.deepEqual(await written(db, nx), [false, [true, true]])
    const xx = (write) => [write.setXX('{t}s', 'x'), write.deleteXX('{t}h')]
    assert.deepEqual(await written(db, xx), [true, [false, false]])
    assert.deepEqual([await db.get('{t}s'), await db.has('{t}h')], ['x', false])
  }],
  ['what was left empty counts as absent', async (db) => {
    await Promise.all([db.sAdd('{t}s', 'm'), db.hSet('{t}h', 'f', 'v')])
    await Promise.all([db.sRem('{t}s', 'm'), db.hDel('{t}h', 'f')])
    assert.deepEqual(await written(db, (write) => [write.setXX('{t}s', 'x'), write.deleteXX('{t}h')]), [false, [true, true]])
    assert.deepEqual(await written(db, (write) => [write.setNX('{t}s', 'x'), write.setNX('{t}h', 'x')]), [true, [false, false]])
  }],
  ['a key of another kind rejects whatever the conditions, and nothing is written', async (db) => {
    await Promise.all([db.set('{t}v', 'text'), db.set('{t}there', '1')])
    const write = db.atomicWrite()
    write.set('{t}a', '1')
    write.sAdd('{t}v', 'm')
    failing(write)
    await assert.rejects(write.exec(), { code: 'ERR_REDKV_TYPE', operation: 'atomicWrite', outcome: 'not-applied' })
    assert.deepEqual([await db.has('{t}a'), await db.get('{t}v')], [false, 'text'])
  }],
  ['a counter that leaves 64 bits or counts text rejects, and nothing is written', async (db) => {
    await Promise.all([db.set('{t}n', 2n ** 63n - 1n), db.set('{t}text', 'a')])
    for (const key of ['{t}n', '{t}text']) {
      const write = db.atomicWrite()
      write.set('{t}a', '1')
      write.incrBy(key, 1)
      await assert.rejects(write.exec(), { code: 'ERR_REDKV_VALUE', outcome: 'not-applied' })
    }
    assert.deepEqual([await db.has('{t}a'), await db.get('{t}n')], [false, '9223372036854775807'])
  }],
  ['operations on one item are merged, others are refused before anything is sent', async (db) => {
    const merged = (write) => [write.incrBy('{t}n', 2), write.incrBy('{t}n', 3), write.sAdd('{t}s', 'a'), write.sAdd('{t}s', 'b')]
    assert.deepEqual(await written(db, merged), [true, [false, false, false, false]])
    assert.deepEqual([await db.get('{t}n'), await members(db, '{t}s')], ['5', ['a', 'b']])
    const write = db.atomicWrite()
    write.set('{t}a', '1')
    write.set('{t}a', '2')
    await assert.rejects(write.exec(), { code: 'ERR_REDKV_ARGUMENT', field: 'operations' })
    assert.equal(await db.has('{t}a'), false)
  }],
  ['100 operations are made', async (db) => {
    const keys = Array.from({ length: 100 }, (_, n) => `{t}${n}`)
    assert.equal((await written(db, (write) => keys.map((key, n) => write.set(key, n))))[0], true)
    assert.deepEqual(await Promise.all(keys.map((key) => db.get(key))), keys.map((_, n) => String(n)))
  }],
  ['writers that meet each other all count, with retries', async (db) => {
    await Promise.all(Array.from({ length: 10 }, () => counted(db)))
    assert.deepEqual([await db.get('{t}n'), await db.zScore('{t}z', 'm')], ['10', 1])
  }],
]

async function counted(db) {
  const write = db.atomicWrite()
  write.incrBy('{t}n')
  write.zAdd('{t}z', 'm', 1)
  assert.equal(await write.exec({ retries: 100 }), true)
}

module.exports = { atomicCases }
