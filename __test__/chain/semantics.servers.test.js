'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { call, clientOptions, freshTable } = require('../support/servers/dynamodb.js')
const { freshFile, freshPrefix, server } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')
const { open } = require('../support/stores.js')
const { until } = require('../support/wait.js')

/** An instance for the time of the test. */
function instance(t) {
  const kv = new RedKV()
  t.after(() => kv.close())
  return kv
}

/** Where no Redis listens. */
const nowhere = { host: '127.0.0.1', port: 9 }

for (const names of [['redis'], ['dynamodb'], ['memory', 'redis'], ['redis', 'memory'], ['memory', 'redis', 'dynamodb']]) {
  describe(`the operations of one turn on ${names.join(', ')}`, () => {
    test('see the writes that were called before them', async (t) => {
      const [kv] = await open(t, ...names)
      const answers = await Promise.all([
        kv.set('key', 'value'),
        kv.get('key'),
        kv.has('key'),
        kv.getMany(['key', 'missing', 'key']),
        kv.delete('key'),
        kv.hasMany(['key', 'missing']),
      ])
      assert.deepEqual(answers.slice(4), [undefined, [false, false]])
      assert.equal(answers[0], undefined)
    })

    test('leave the last write in every store', async (t) => {
      const [kv, ...stores] = await open(t, ...names)
      for (let n = 1; n <= 100; n += 1) kv.set('key', n)
      kv.delete('key')
      await kv.set('key', 'last')
      assert.deepEqual(await Promise.all(stores.map((store) => store.get('key'))), stores.map(() => 'last'))
    })
  })
}

describe('the life of a value', () => {
  test('in Redis also bounds the entry in the memory that it is filled into', async (t) => {
    const [kv, memory, redis] = await open(t, 'memory', 'redis')
    await redis.set('key', 'value', { ttl: 400 })
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await memory.get('key'), 'value')
    await until(async () => (await redis.get('key')) === null)
    // Redis and this process count apart: memory may be behind by as long as the answer was on its way.
    await until(async () => (await memory.get('key')) === null)
    assert.equal(await kv.get('key'), null)
  })

  test('in DynamoDB also bounds the entries in the stores before it', async (t) => {
    const [kv, memory, redis, dynamodb] = await open(t, 'memory', 'redis', 'dynamodbThatExpires')
    await dynamodb.set('key', 'value', { ttl: 1500 })
    assert.equal(await kv.get('key'), 'value')
    assert.deepEqual([await memory.get('key'), await redis.get('key')], ['value', 'value'])
    await until(async () => (await kv.get('key')) === null)
    assert.deepEqual([await memory.get('key'), await redis.get('key'), await dynamodb.get('key')], [null, null, null])
  })

  test('without an end in Redis has none in memory', async (t) => {
    const [kv, memory, redis] = await open(t, 'memory', 'redis')
    await redis.set('key', 'value')
    await redis.set('witness', 'value', { ttl: 200 })
    assert.deepEqual(await kv.getMany(['key', 'witness']), ['value', 'value'])
    await until(async () => !(await memory.has('witness')))
    assert.equal(await memory.get('key'), 'value')
  })
})

describe('a back-fill', () => {
  test('leaves alone what another process wrote into a shared store meanwhile', async (t) => {
    const options = { url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }
    const path = freshFile(t)
    const [kv, other] = [instance(t), instance(t)]
    kv.addStore('redis', options)
    const sqlite = kv.addStore('sqlite', { path })
    const shared = other.addStore('redis', options)
    await sqlite.set('key', 'of the file')
    await shared.set('key', 'of the other process')
    assert.equal(await kv.get('key'), 'of the other process')
    assert.equal(await sqlite.get('key'), 'of the file')
  })
})

describe('a Redis that cannot be reached', () => {
  test('rejects ready() with where it failed and why', async (t) => {
    const kv = instance(t)
    kv.addStore('redis', nowhere)
    const error = await rejectionOf(() => kv.ready())
    assert.ok(error instanceof RedKV.RedKVError)
    const { code, store, operation, retryable } = error
    const expected = { code: 'ERR_REDKV_CONNECTION', store: 'redis', operation: 'ready', retryable: true }
    assert.deepEqual({ code, store, operation, retryable }, expected)
    assert.ok(error.cause instanceof Error)
  })

  test('is a miss to reads when a store comes after it', async (t) => {
    const kv = instance(t)
    kv.addStore('redis', nowhere)
    const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
    await sqlite.set('key', 'value')
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await kv.has('key'), true)
    assert.equal(await kv.get('missing'), null)
    assert.deepEqual(await kv.getMany(['key', 'missing']), ['value', null])
  })

  test('rejects writes, but not those of a chain where it is optional', async (t) => {
    const [strict, lenient] = [instance(t), instance(t)]
    strict.addStore('redis', nowhere)
    strict.addStore('memory')
    lenient.addStore('redis', nowhere, { optional: true })
    lenient.addStore('memory')
    await assert.rejects(strict.set('key', 'value'), { name: 'RedKVError', store: 'redis', operation: 'set' })
    assert.equal(await lenient.ready(), undefined)
    assert.equal(await lenient.set('key', 'value'), undefined)
    assert.equal(await lenient.get('key'), 'value')
    assert.equal(await lenient.delete('key'), undefined)
    assert.equal(await lenient.get('key'), null)
  })
})

describe('a Redis that is killed', () => {
  test('as a cache rejects the write, and its old value is never served, nor after it comes back', async (t) => {
    const server = await privateRedis(t)
    const kv = instance(t)
    const redis = kv.addStore('redis', server.options)
    kv.addStore('sqlite', { path: freshFile(t) })
    await kv.setMany({ key: 'old', gone: 'old' })
    await server.kill()
    await assert.rejects(kv.set('key', 'new'), { name: 'RedKVError', store: 'redis', operation: 'set' })
    await assert.rejects(kv.delete('gone'), { store: 'redis', operation: 'delete' })
    assert.deepEqual(await kv.getMany(['key', 'gone']), ['new', null])
    await server.start()
    const seen = new Set()
    await until(async () => {
      ;(await kv.getMany(['key', 'gone'])).forEach((value) => seen.add(value))
      return redis.get('key').then((value) => value !== 'old', () => false)
    })
    seen.add(await kv.get('key')).add(await kv.get('gone'))
    assert.deepEqual(seen, new Set(['new', null]))
    await until(() => kv.set('key', 'newest').then(() => true, () => false))
    assert.deepEqual([await kv.get('key'), await redis.get('key')], ['newest', 'newest'])
  })

  test('as the source of truth rejects the write, and no cache before it serves that', async (t) => {
    const server = await privateRedis(t)
    const kv = instance(t)
    const memory = kv.addStore('memory')
    kv.addStore('redis', server.options)
    await kv.set('key', 'old')
    await server.kill()
    await assert.rejects(kv.set('key', 'new'), { store: 'redis' })
    assert.notEqual(await memory.get('key').catch(() => null), 'new')
    assert.notEqual(await kv.get('key').catch(() => null), 'new')
    await server.start()
    await until(() => kv.ready().then(() => true, () => false))
    assert.equal(await kv.get('key'), 'old')
  })

  test('rejects what was in flight, and works again by itself', async (t) => {
    const server = await privateRedis(t)
    const kv = instance(t)
    kv.addStore('redis', server.options)
    await kv.set('key', 'value')
    const inFlight = Array.from({ length: 2000 }, (_, index) => kv.set(`key-${index}`, 'value'))
    const settled = Promise.allSettled(inFlight)
    await server.kill()
    const failures = (await settled).filter((result) => result.status === 'rejected')
    failures.forEach(({ reason }) => assert.deepEqual([reason.name, reason.store], ['RedKVError', 'redis']))
    await assert.rejects(kv.get('key'), { name: 'RedKVError', store: 'redis' })
    await server.start()
    await until(() => kv.get('key').then((value) => value === 'value', () => false))
  })
})

describe('a store refuses what is beyond its limits', () => {
  const longKey = 'k'.repeat(2049)
  const largeValue = 'v'.repeat(400 * 1024 + 1)

  test('a key that is too long, without an effect on the others of a batch', async (t) => {
    const [kv, memory] = await open(t, 'memory', 'dynamodb')
    isArgumentError(await rejectionOf(() => kv.set(longKey, 'value')), 'key', 'dynamodb')
    assert.equal(await memory.has(longKey), false)
    const error = await rejectionOf(() => kv.setMany([['a', '1'], [longKey, '2'], ['b', '3']]))
    assert.deepEqual([error.code, error.operation, error.retryable], ['ERR_REDKV_PARTIAL', 'setMany', false])
    assert.deepEqual([...error.errors.keys()], [longKey])
    isArgumentError(error.errors.get(longKey), 'key', 'dynamodb')
    assert.ok(!error.message.includes(longKey))
    assert.deepEqual(await kv.getMany(['a', 'b']), ['1', '3'])
  })

  test('a value that is too large', async (t) => {
    const [kv, memory] = await open(t, 'memory', 'dynamodb')
    isArgumentError(await rejectionOf(() => kv.set('key', largeValue)), 'value', 'dynamodb')
    assert.equal(await memory.has('key'), false)
    assert.equal(await kv.get('key'), null)
  })

  test('but an optional store leaves it out', async (t) => {
    const kv = instance(t)
    const endpoint = server('REDKV_TEST_DYNAMODB_ENDPOINT')
    const options = { ...clientOptions(endpoint), tableName: await freshTable(t, endpoint) }
    const dynamodb = kv.addStore('dynamodb', options, { optional: true })
    kv.addStore('memory')
    await kv.setMany([[longKey, 'value'], ['key', largeValue]])
    assert.equal(await kv.get(longKey), 'value')
    assert.equal(await kv.get('key'), largeValue)
    assert.equal(await dynamodb.get('key'), null)
  })
})

describe('a table of DynamoDB', () => {
  const endpoint = () => server('REDKV_TEST_DYNAMODB_ENDPOINT')

  test('holds items of the hash key and one attribute, as 1.x wrote them', async (t) => {
    const TableName = await freshTable(t, endpoint())
    const kv = instance(t)
    kv.addStore('DynamoDB', { ...clientOptions(endpoint()), tableName: TableName })
    await kv.set('key', 'value')
    const { Item } = await call(endpoint(), 'GetItem', { TableName, Key: { id: { S: 'key' } } })
    assert.deepEqual(Item, { id: { S: 'key' }, v: { S: 'value' } })
  })

  test('may hold numbers of others, which read as text', async (t) => {
    const TableName = await freshTable(t, endpoint())
    await call(endpoint(), 'PutItem', { TableName, Item: { id: { S: 'key' }, count: { N: '42' } } })
    const kv = instance(t)
    kv.addStore('dynamodb', { ...clientOptions(endpoint()), tableName: TableName, attributeName: 'count' })
    assert.equal(await kv.get('key'), '42')
  })

  test('that is missing rejects ready() and operations', async (t) => {
    const kv = instance(t)
    kv.addStore('dynamodb', { ...clientOptions(endpoint()), tableName: 'redkv-missing' })
    const [ready, get] = await Promise.all([rejectionOf(() => kv.ready()), rejectionOf(() => kv.get('key'))])
    assert.deepEqual([ready.store, get.store], ['dynamodb', 'dynamodb'])
  })
})
