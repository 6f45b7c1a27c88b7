'use strict'

// Sorted sets and sorted hashes, page by page.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Structures } = require('../..')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

async function all(entries) {
  const list = []
  for await (const entry of entries) list.push(entry)
  return list
}

const name = (n) => `m${String(n).padStart(6, '0')}`

/** A sorted set of so many members, whose scores are their numbers. */
async function filled(db, count) {
  const numbers = Array.from({ length: count }, (_, n) => n)
  await Promise.all(numbers.map((n) => db.zAdd('z', name(n), n)))
  return numbers.map((n) => ({ value: name(n), score: n }))
}

describe('an iteration', () => {
  for (const count of [0, 1, 999, 1000, 1001, 2000, 12_345]) {
    test(`has all of ${count} entries, each once, in both directions`, async (t) => {
      const db = opened(t)
      const entries = await filled(db, count)
      assert.deepEqual(await all(db.zIterate('z')), entries)
      assert.deepEqual(await all(db.zIterate('z', { by: 'lex' })), entries)
      assert.deepEqual(await all(db.zIterate('z', { reverse: true })), entries.toReversed())
      assert.deepEqual(await all(db.zIterate('z', { by: 'lex', reverse: true })), entries.toReversed())
    })
  }

  test('has 3,000 entries of one score, each once', async (t) => {
    const db = opened(t)
    await Promise.all(Array.from({ length: 3000 }, (_, n) => db.zAdd('z', name(n), 7)))
    const values = (await all(db.zIterate('z'))).map(({ value }) => value)
    assert.deepEqual(values, Array.from({ length: 3000 }, (_, n) => name(n)))
    assert.deepEqual((await all(db.zIterate('z', { reverse: true }))).map(({ value }) => value), values.toReversed())
  })

  test('is of the scores or members between two ends', async (t) => {
    const db = opened(t)
    await filled(db, 100)
    const names = async (options) => (await all(db.zIterate('z', options))).map(({ score }) => score)
    assert.deepEqual(await names({ min: 97 }), [97, 98, 99])
    assert.deepEqual(await names({ max: 1 }), [0, 1])
    assert.deepEqual(await names({ min: 3, max: 5, reverse: true }), [5, 4, 3])
    assert.deepEqual(await names({ by: 'lex', min: `(${name(97)}` }), [98, 99])
    assert.deepEqual(await names({ by: 'lex', max: `[${name(1)}`, reverse: true }), [1, 0])
    assert.deepEqual(await names({ min: 5, max: 3 }), [])
  })

  test('of a sorted hash has its values, and zIterate its fields', async (t) => {
    const db = opened(t)
    await db.zhAdd('z', 'f1', 'value', 1)
    await db.zhAdd('z', 'f2', 'value', 2)
    await db.zAdd('z', 'f3', 3)
    assert.deepEqual((await all(db.zhIterate('z'))).map(({ value }) => value), ['value', 'value', 'f3'])
    assert.deepEqual((await all(db.zIterate('z'))).map(({ value }) => value), ['f1', 'f2', 'f3'])
  })

  test('may be left, and begun again', async (t) => {
    const db = opened(t)
    await filled(db, 2500)
    const seen = []
    for await (const { score } of db.zIterate('z')) {
      seen.push(score)
      if (seen.length === 1500) break
    }
    assert.deepEqual(seen, Array.from({ length: 1500 }, (_, n) => n))
    assert.equal((await db.zIterate('z').next()).value.score, 0)
    assert.equal(db.stats().pending, 0)
  })

  test('asks for nothing before it is used', async (t) => {
    const db = opened(t)
    db.zIterate('z')
    assert.equal(db.stats().operations.zIterate, undefined)
  })

  test('goes on behind what was removed, and has what was added behind it', async (t) => {
    const db = opened(t)
    const entries = await filled(db, 2000)
    const seen = []
    for await (const { value } of db.zIterate('z')) {
      seen.push(value)
      if (seen.length === 1000) {
        // The last one of the page, the first of the next one, and one that comes later.
        await db.zRem('z', [name(999), name(1000)])
        await db.zAdd('z', 'later', 1500.5)
      }
    }
    const expected = entries.map(({ value }) => value).filter((value) => value !== name(1000))
    assert.deepEqual(seen, expected.toSpliced(1500, 0, 'later'))
  })

  test('ends while members are moved behind it again and again', async (t) => {
    const db = opened(t)
    await filled(db, 3000)
    let moved = 3000
    const seen = new Set()
    for await (const { value } of db.zIterate('z', { max: 3000 })) {
      seen.add(value)
      if (seen.size % 1000 === 0) await db.zAdd('z', value, ++moved)
    }
    assert.equal(seen.size, 3000)
  })

  test('throws for a wrong option where it is called, and rejects for a wrong key', async (t) => {
    const db = opened(t)
    const wrong = (field) => ({ code: 'ERR_REDKV_ARGUMENT', operation: 'zIterate', field })
    assert.throws(() => db.zIterate('z', { by: 'name' }), wrong('by'))
    assert.throws(() => db.zIterate('z', { reverse: 1 }), wrong('reverse'))
    assert.throws(() => db.zIterate('z', { limit: 1 }), wrong('limit'))
    assert.throws(() => db.zIterate('z', null), wrong('options'))
    isArgumentError(await rejectionOf(() => db.zIterate(null).next()), 'key')
    isArgumentError(await rejectionOf(() => db.zIterate('z', { min: null }).next()), 'min')
    isArgumentError(await rejectionOf(() => db.zIterate('z', { by: 'lex', max: 'a' }).next()), 'max')
  })

  test('of a key of another kind rejects', async (t) => {
    const db = opened(t)
    await db.set('k', 'v')
    const error = await rejectionOf(() => db.zIterate('k').next())
    assert.deepEqual([error.code, error.operation], ['ERR_REDKV_TYPE', 'zIterate'])
  })

  test('ends when its signal aborts', async (t) => {
    const db = opened(t)
    await filled(db, 3000)
    const abort = new AbortController()
    const seen = []
    const reading = (async () => {
      for await (const { score } of db.zIterate('z', { signal: abort.signal })) {
        seen.push(score)
        if (score === 500) abort.abort()
      }
    })()
    assert.equal((await rejectionOf(() => reading)).name, 'AbortError')
    assert.equal(seen.length, 1000)
  })
})
