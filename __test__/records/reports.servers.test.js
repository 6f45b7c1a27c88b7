'use strict'

// What is reported of requests, and how records behave when their server goes away.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer } = require('node:http')
const { describe, test } = require('node:test')
const { Records } = require('../..')
const { childOf, printed } = require('../support/child.js')
const { open, shape } = require('../support/records/backends.js')
const { rejectionOf } = require('../support/refused.js')
const { clientOptions } = require('../support/servers/dynamodb.js')
const { throttlingProxy } = require('../support/servers/dynamodb-proxy.js')
const { server } = require('../support/fresh.js')

/** The requests that `calls` cause, once there are as many as `count`. */
async function requestsOf(table, count, calls) {
  const requests = []
  table.on('request', (request) => requests.push(request))
  await calls()
  // Events come in turns of their own.
  while (requests.length < count) await new Promise(setImmediate)
  return requests
}

describe('the event request', () => {
  test('says what was asked of DynamoDB, and what it consumed', async (t) => {
    const table = await open(t, 'dynamodb')
    await table.ready()
    const partition = table.partition('p')
    const requests = await requestsOf(table, 4, async () => {
      await partition.put('a', 'secret value', { fields: { created: 'secret field' } })
      await partition.get('a')
      await Promise.all([partition.get('b'), partition.get('c')])
      await partition.listPage('a', { limit: 5, localIndex: shape.localIndexes[0] })
    })
    assert.deepEqual(requests.map(({ operation }) => operation), ['UpdateItem', 'GetItem', 'BatchGetItem', 'Query'])
    assert.equal(requests.every(({ store, units, duration }) => store === 'dynamodb' && units > 0 && duration >= 0), true)
    const [{ input: update }, , , { input: query }] = requests
    assert.deepEqual(update.Key, { id: { S: 'p' }, name: { S: 'a' } })
    assert.deepEqual([query.IndexName, query.Limit, query.ScanIndexForward], ['idx_created', 5, true])
    assert.doesNotMatch(JSON.stringify(requests), /secret/)
  })

  test('is published with the name of the table of records', async (t) => {
    const { subscribe, unsubscribe } = require('node:diagnostics_channel')
    const table = await open(t, 'dynamodb', { name: 'crm' })
    await table.ready()
    const told = []
    const listener = (event) => told.push(event)
    subscribe('redkv:request', listener)
    t.after(() => unsubscribe('redkv:request', listener))
    const requested = once(table, 'request')
    await table.partition('p').get('a')
    await requested
    assert.deepEqual(told.map(({ name, operation }) => [name, operation]), [['crm', 'GetItem']])
  })
})

describe('stats()', () => {
  test('count one request for the reads of a turn', async (t) => {
    const table = await open(t, 'dynamodb')
    const partition = table.partition('p')
    await partition.put('a', 'x')
    const before = table.stats()
    await Promise.all(Array.from({ length: 100 }, (_, n) => partition.get(`k${n}`)))
    assert.equal(table.stats().requests - before.requests, 1)
    await partition.get('a', { consistent: false })
    assert.equal(table.stats().readUnits - before.readUnits, 100.5)
  })
})

describe('a DynamoDB that throttles', () => {
  async function throttled(t, policy) {
    const proxy = await throttlingProxy(t, server('REDKV_TEST_DYNAMODB_ENDPOINT'))
    const tableName = `records-throttled-${process.pid}-${Math.random()}`
    const table = new Records('dynamodb', { ...clientOptions(proxy.endpoint), tableName, maxRetries: 0 }, policy)
    t.after(() => table.close({ timeout: 1 }))
    await table.createTable()
    return { proxy, partition: table.partition('p') }
  }

  test('rejects a write as one that was not made and may be tried again', async (t) => {
    const { proxy, partition } = await throttled(t, { circuitBreaker: false })
    proxy.refuseWhen(() => true)
    const { code, outcome, retryable, operation } = await rejectionOf(() => partition.put('a', 'x'))
    assert.deepEqual([code, outcome, retryable, operation], ['ERR_REDKV_STORE', 'not-applied', true, 'put'])
    proxy.refuseWhen(() => false)
    assert.equal(await partition.get('a'), null)
    assert.equal((await partition.put('a', 'x')).version, 1)
  })

  test('is asked again for the keys that it left out', async (t) => {
    const { proxy, partition } = await throttled(t)
    const keys = Array.from({ length: 100 }, (_, n) => `k${n}`)
    await Promise.all(keys.map((key) => partition.put(key, key)))
    proxy.keepOfBatches(10)
    const records = await partition.getMany(keys)
    assert.deepEqual(records.map(({ value }) => value), keys)
    assert.ok(proxy.leftOut > 0)
  })
})

describe('a server that never answers', () => {
  test('does no harm to a process that gives up thousands of writes', async (t) => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    t.after(() => {
      silent.closeAllConnections()
      silent.close()
    })
    await once(silent, 'listening')
    const options = { ...clientOptions(`http://127.0.0.1:${silent.address().port}`), tableName: 't' }
    const result = await childOf(async (options) => {
      const table = new RedKV.Records('dynamodb', options, { timeout: '1m', circuitBreaker: false })
      const partition = table.partition('p')
      const calls = Array.from({ length: 5000 }, (_, n) => partition.put(`k${n}`).catch(({ code }) => code))
      await new Promise((resolve) => setTimeout(resolve, 200))
      await table.close({ timeout: '100ms' })
      const codes = await Promise.all(calls)
      console.log(codes.length, [...new Set(codes)])
    }, options)
    printed(result, "5000 [ 'ERR_REDKV_CLOSED' ]\n")
  })
})

describe('a server that is not there', () => {
  test('is said of every operation within its deadline, and of update()', async (t) => {
    const options = { ...clientOptions('http://127.0.0.1:9'), tableName: 't' }
    const table = new Records('dynamodb', options, { timeout: 500, connectTimeout: 500 })
    t.after(() => table.close({ timeout: 1 }))
    const partition = table.partition('p')
    const calls = [
      () => partition.get('a'),
      () => partition.put('a'),
      () => partition.update('a', () => 'v'),
      () => partition.list().next(),
      () => table.ready(),
      () => table.createTable(),
    ]
    const errors = await Promise.all(calls.map(rejectionOf))
    for (const { code, store, outcome } of errors) {
      assert.match(code, /^ERR_REDKV_(CONNECTION|TIMEOUT)$/)
      assert.deepEqual([store, outcome], ['dynamodb', 'not-applied'])
    }
  })
})
