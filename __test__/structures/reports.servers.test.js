'use strict'

// What is reported of requests, and how data structures behave when their server goes away.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { Structures } = require('../..')
const { privateRedis } = require('../support/servers/redis-server.js')
const { rejectionOf } = require('../support/refused.js')
const { open } = require('../support/structures/backends.js')
const { eventually } = require('../support/wait.js')

describe('the event request', () => {
  test('reports a pipeline of Redis once a turn, with its duration', async (t) => {
    const db = await open(t, 'redis')
    const requested = once(db, 'request')
    await Promise.all([db.set('a', '1'), db.get('a')])
    const [{ store, operation, duration }] = await requested
    assert.deepEqual([store, operation], ['redis', 'pipeline'])
    assert.ok(duration >= 0)
  })

  test('reports a request to DynamoDB with its name and units', async (t) => {
    const db = await open(t, 'dynamodb')
    const requests = []
    db.on('request', (request) => request.operation !== 'DescribeTable' && requests.push(request))
    await db.set('a', '1')
    await db.get('a')
    await db.zAdd('z', 'm', 1)
    await db.zRangeByScore('z', 0, 1)
    // Events come in turns of their own.
    while (requests.length < 4) await new Promise(setImmediate)
    assert.deepEqual(requests.map(({ operation }) => operation), ['PutItem', 'GetItem', 'PutItem', 'Query'])
    assert.equal(requests.every(({ units, duration }) => units > 0 && duration >= 0), true)
  })

  test('reports a transaction of SQLite once a turn', async (t) => {
    const db = await open(t, 'sqlite')
    const requests = []
    db.on('request', (request) => requests.push(request))
    await Promise.all([db.set('a', '1'), db.get('a')])
    await Promise.all([db.get('a'), db.get('b')])
    while (requests.length < 2) await new Promise(setImmediate)
    assert.deepEqual(requests.map(({ store, operation }) => [store, operation]), [['sqlite', 'write'], ['sqlite', 'read']])
    assert.equal(requests.every(({ units, duration }) => units === undefined && duration >= 0), true)
  })

  test('has listeners again after all were removed', async (t) => {
    const db = await open(t, 'redis')
    db.removeAllListeners()
    const requested = once(db, 'request')
    await db.get('a')
    assert.equal((await requested)[0].store, 'redis')
  })
})

describe('stats()', () => {
  test('of Redis count commands and round trips', async (t) => {
    const db = await open(t, 'redis')
    const before = db.stats()
    await Promise.all(Array.from({ length: 10 }, (_, n) => db.set(`k${n}`, n)))
    const { requests, commands } = db.stats()
    assert.equal(commands - before.commands, 10)
    assert.equal(requests - before.requests, 1)
  })

  test('of SQLite count statements and transactions', async (t) => {
    const db = await open(t, 'sqlite')
    const before = db.stats()
    await Promise.all(Array.from({ length: 10 }, (_, n) => db.get(`k${n}`)))
    const { requests, commands } = db.stats()
    assert.deepEqual([requests - before.requests, commands - before.commands], [1, 10])
  })

  test('of DynamoDB count units', async (t) => {
    const db = await open(t, 'dynamodb')
    await db.set('a', '1')
    const { readUnits, writeUnits, requests } = db.stats()
    await db.get('a')
    await db.eventuallyConsistent().get('a')
    const after = db.stats()
    assert.ok(writeUnits >= 1)
    assert.equal(after.readUnits - readUnits, 1.5)
    assert.equal(after.requests - requests, 2)
  })

  test('of DynamoDB count one request for the gets of a turn', async (t) => {
    const db = await open(t, 'dynamodb')
    await db.set('a', '1')
    const { requests } = db.stats()
    await Promise.all(Array.from({ length: 100 }, (_, n) => db.get(`k${n}`)))
    assert.equal(db.stats().requests - requests, 1)
  })
})

/** Data structures in a Redis of their own. */
async function opened(t, policy) {
  const server = await privateRedis(t)
  const db = new Structures('redis', server.options, policy)
  t.after(() => db.close({ timeout: 1 }))
  await db.ready()
  return { server, db }
}

describe('on a Redis that hangs', () => {
  test('operations reject at their deadline, and say whether a write may have been made', async (t) => {
    const { server, db } = await opened(t, { timeout: 100, circuitBreaker: false })
    server.pause()
    const errors = await Promise.all([() => db.get('k'), () => db.incrBy('n'), () => db.zRangeByScore('z', 0, 1)].map(rejectionOf))
    assert.deepEqual(
      errors.map(({ code, operation, outcome }) => [code, operation, outcome]),
      [['ERR_REDKV_TIMEOUT', 'get', 'not-applied'], ['ERR_REDKV_TIMEOUT', 'incrBy', 'unknown'], ['ERR_REDKV_TIMEOUT', 'zRangeByScore', 'not-applied']],
    )
    const write = db.atomicWrite()
    write.set('k', 'v')
    assert.deepEqual(await rejectionOf(() => write.exec()).then(({ code, outcome }) => [code, outcome]), ['ERR_REDKV_TIMEOUT', 'unknown'])
    server.resume()
    await eventually(() => db.get('k'))
    assert.equal(db.stats().pending, 0)
  })

  test('a cache answers what it has, and forgets what a write without an answer may have changed', async (t) => {
    const { server, db } = await opened(t, { timeout: 100, circuitBreaker: false })
    const cached = db.cached()
    await cached.set('k', 'old')
    assert.equal(await cached.get('k'), 'old')
    assert.equal(await cached.get('other'), null)
    server.pause()
    assert.equal(await cached.get('k'), 'old')
    assert.equal((await rejectionOf(() => cached.set('k', 'new'))).outcome, 'unknown')
    assert.equal((await rejectionOf(() => cached.get('k'))).code, 'ERR_REDKV_TIMEOUT')
    assert.equal(await cached.get('other'), null)
    server.resume()
    await eventually(() => cached.get('k'))
    const { misses } = cached.stats().cache
    // The write may still be on its way.
    for (let i = 0; i < 3; i++) await cached.get('k')
    assert.equal(cached.stats().cache.misses - misses, 3)
  })

  test('a batch rejects with what became of each operation', async (t) => {
    const { server, db } = await opened(t, { timeout: 100, circuitBreaker: false })
    server.pause()
    const batch = db.batch()
    batch.get('k')
    batch.set('k', 'v')
    const { code, outcome, retryable, errors } = await rejectionOf(() => batch.exec())
    assert.deepEqual([code, outcome, retryable], ['ERR_REDKV_PARTIAL', 'unknown', true])
    assert.deepEqual([...errors.values()].map(({ outcome }) => outcome), ['not-applied', 'unknown'])
    server.resume()
  })

  test('close({ timeout }) rejects what is pending', async (t) => {
    const { server, db } = await opened(t, { timeout: '1m' })
    server.pause()
    const pending = rejectionOf(() => db.incrBy('n'))
    await db.close({ timeout: 50 })
    assert.deepEqual(await pending.then(({ code, operation, outcome }) => [code, operation, outcome]), ['ERR_REDKV_CLOSED', 'incrBy', 'unknown'])
    server.resume()
  })

  test('operations are refused beyond maxPending, and those that were called are answered', async (t) => {
    const { server, db } = await opened(t, { timeout: '1m', maxPending: 100 })
    server.pause()
    const taken = Array.from({ length: 100 }, () => db.incrBy('n'))
    const { code, field } = await rejectionOf(() => db.get('n'))
    assert.deepEqual([code, field], ['ERR_REDKV_OVERLOAD', 'maxPending'])
    server.resume()
    assert.deepEqual(await Promise.all(taken), Array.from({ length: 100 }, (_, n) => n + 1))
  })
})

test('a cache answers what it has while Redis is down', async (t) => {
  const { server, db } = await opened(t, { timeout: 500 })
  const cached = db.cached()
  await cached.hSet('hash', { a: 1 })
  await cached.hGetAll('hash')
  const down = once(db, 'tierDown')
  await server.kill()
  // What the cache answers is no sign that the server is back.
  while (!db.stats().isDown) {
    await cached.get('other').catch(() => {})
    assert.equal(await cached.hGet('hash', 'a'), '1')
  }
  await down
  assert.equal(await cached.hGet('hash', 'a'), '1')
  assert.equal((await rejectionOf(() => cached.get('other'))).retryable, true)
})

test('a Redis that goes down is reported by events, and used again when it is back', async (t) => {
  const { server, db } = await opened(t, { timeout: 500 })
  const down = once(db, 'tierDown')
  const up = once(db, 'tierUp')
  await server.kill()
  let isDown = false
  down.then(() => (isDown = true))
  while (!isDown) await db.get('k').catch(() => {})
  assert.equal((await down)[0].store, 'redis')
  assert.equal(db.stats().isDown, true)
  await server.start()
  await up
  await eventually(() => db.set('k', 'v'))
  assert.equal(await db.get('k'), 'v')
})
