'use strict'

// Counters up to 64 bits, scores, and what is exact.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Structures } = require('../..')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

const most = 2n ** 63n - 1n
const least = -(2n ** 63n)

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

describe('a counter', () => {
  test('begins at 0, and counts by 1 where nothing else is said', async (t) => {
    const db = opened(t)
    assert.equal(await db.incrBy('k', 0), 0)
    assert.equal(await db.has('k'), true)
    assert.equal(await db.incrBy('k'), 1)
    assert.equal(await db.incrBy('k', undefined, {}), 2)
    assert.equal(await db.incrBy('k', -5), -3)
    assert.equal(await db.get('k'), '-3')
  })

  test('answers a bigint to a bigint, and a number to a number', async (t) => {
    const db = opened(t)
    assert.equal(await db.incrBy('k', 2n), 2n)
    assert.equal(await db.incrBy('k', 2), 4)
  })

  test('counts exactly up to the ends of 64 bits', async (t) => {
    const db = opened(t)
    assert.equal(await db.incrBy('k', most), most)
    assert.equal(await db.get('k'), '9223372036854775807')
    assert.equal(await db.incrBy('l', least), least)
    assert.equal(await db.get('l'), '-9223372036854775808')
  })

  test('never leaves 64 bits, and stays as it is', async (t) => {
    const db = opened(t)
    await db.incrBy('k', most)
    const error = await rejectionOf(() => db.incrBy('k', 1n))
    assert.deepEqual([error.code, error.operation, error.outcome, error.retryable], ['ERR_REDKV_VALUE', 'incrBy', 'not-applied', false])
    assert.equal(await db.get('k'), '9223372036854775807')
  })

  test('at the end of what numbers say exactly is answered as one', async (t) => {
    const db = opened(t)
    assert.equal(await db.incrBy('k', Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
    assert.equal(await db.incrBy('l', -Number.MAX_SAFE_INTEGER), -Number.MAX_SAFE_INTEGER)
  })

  test('beyond that rejects to a caller with a number, who learns that it was counted', async (t) => {
    const db = opened(t)
    await db.incrBy('k', Number.MAX_SAFE_INTEGER)
    const error = await rejectionOf(() => db.incrBy('k', 1))
    assert.deepEqual([error.code, error.operation, error.outcome, error.retryable], ['ERR_REDKV_VALUE', 'incrBy', 'unknown', false])
    assert.match(error.message, /was stored.*call incrBy with a bigint/)
    assert.equal(await db.incrBy('k', 0n), 2n ** 53n)
  })

  for (const by of [1.5, 2 ** 53, -(2 ** 53), Infinity, NaN, most + 1n, least - 1n, '1', null, {}, true]) {
    test(`is not changed by ${typeof by === 'bigint' ? `${by}n` : JSON.stringify(by) ?? by} (${typeof by})`, async (t) => {
      const db = opened(t)
      isArgumentError(await rejectionOf(() => db.incrBy('k', by)), 'by')
      const write = db.atomicWrite()
      write.incrBy('k', by)
      isArgumentError(await rejectionOf(() => write.exec()), 'by')
      assert.equal(await db.has('k'), false)
    })
  }

  test('may have been set as text, a number or a bigint', async (t) => {
    const db = opened(t)
    await db.set('text', '10')
    await db.set('number', 10)
    await db.set('bigint', 10n)
    assert.deepEqual([await db.incrBy('text', 5), await db.incrBy('number', 5), await db.incrBy('bigint', 5)], [15, 15, 15])
  })

  for (const text of ['', ' 1', '+1', '01', '1.0', '9223372036854775808', 'a']) {
    test(`is not the text '${text}'`, async (t) => {
      const db = opened(t)
      await db.set('k', text)
      assert.equal((await rejectionOf(() => db.incrBy('k', 1))).code, 'ERR_REDKV_VALUE')
      assert.equal(await db.get('k'), text)
    })
  }
})

describe('setEQ', () => {
  test('compares text and numbers by how they read', async (t) => {
    const db = opened(t)
    await db.set('k', 1)
    assert.equal(await db.setEQ('k', '2', '1'), true)
    assert.equal(await db.setEQ('k', 3n, 2), true)
    assert.equal(await db.setEQ('k', 4, 3), true)
    assert.equal(await db.setEQ('k', 5, 4.5), false)
    assert.equal(await db.get('k'), '4')
  })
})

describe('a score', () => {
  test('may be infinite, and minus zero is 0', async (t) => {
    const db = opened(t)
    await db.zAdd('z', 'low', -Infinity)
    await db.zAdd('z', 'high', Infinity)
    await db.zAdd('z', 'zero', -0)
    assert.deepEqual(await db.zRangeByScore('z', -Infinity, Infinity, { withScores: true }), [
      { value: 'low', score: -Infinity },
      { value: 'zero', score: 0 },
      { value: 'high', score: Infinity },
    ])
    assert.ok(Object.is(await db.zScore('z', 'zero'), 0))
  })

  test('is exact, from the least to the largest number', async (t) => {
    const db = opened(t)
    const scores = [Number.MIN_VALUE, 0.1, 1 / 3, 2 ** 53 + 2, Number.MAX_VALUE, -Number.MAX_VALUE]
    await Promise.all(scores.map((score) => db.zAdd('z', score, score)))
    assert.deepEqual(await Promise.all(scores.map((score) => db.zScore('z', score))), scores)
  })

  for (const score of [NaN, '1', 1n, null, undefined, {}]) {
    test(`is never ${typeof score === 'bigint' ? 'a bigint' : String(JSON.stringify(score) ?? score)} (${Number.isNaN(score) ? 'NaN' : typeof score})`, async (t) => {
      const db = opened(t)
      isArgumentError(await rejectionOf(() => db.zAdd('z', 'm', score)), 'score')
      isArgumentError(await rejectionOf(() => db.zhAdd('z', 'f', 'm', score)), 'score')
      isArgumentError(await rejectionOf(() => db.zIncrBy('z', 'm', score)), 'by')
      isArgumentError(await rejectionOf(() => db.zCount('z', score, 1)), 'min')
      isArgumentError(await rejectionOf(() => db.zRangeByScore('z', 1, score)), 'max')
    })
  }

  test('does not become NaN by adding to it', async (t) => {
    const db = opened(t)
    await db.zAdd('z', 'm', Infinity)
    const error = await rejectionOf(() => db.zIncrBy('z', 'm', -Infinity))
    assert.deepEqual([error.code, error.operation], ['ERR_REDKV_VALUE', 'zIncrBy'])
    assert.equal(await db.zScore('z', 'm'), Infinity)
  })

  test('grows by what is added, and begins at 0', async (t) => {
    const db = opened(t)
    assert.equal(await db.zIncrBy('z', 'm', 2.5), 2.5)
    assert.equal(await db.zIncrBy('z', 'm', -1), 1.5)
  })
})
