'use strict'

// The statistics of a chain, on request and at an interval.

const assert = require('node:assert/strict')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const RedKV = require('../..')
const { prometheusText } = require('../../examples/prometheus.js')
const { childOf } = require('../support/child.js')
const { open } = require('../support/stores.js')
const { isArgumentError, thrownBy } = require('../support/refused.js')
const { until } = require('../support/wait.js')

const parts = (stats, ...names) => Object.fromEntries(names.map((name) => [name, stats[name]]))

describe('stats()', () => {
  test('of a chain without stores is all zero', () => {
    assert.deepEqual(new RedKV().stats(), { pending: 0, pendingBytes: 0, coalesced: 0, stores: [] })
  })

  test('counts what memory answers at once', async (t) => {
    const [kv, memory] = await open(t, 'memory')
    await kv.set('key', 'value')
    await kv.get('key')
    await kv.getMany(['key', 'missing', 'key'])
    await kv.has('key')
    await kv.hasMany(['key', 'missing'])
    await kv.delete('key')
    await kv.getBuffer('key')
    const stats = kv.stats().stores[0]
    assert.deepEqual(memory.stats(), stats)
    const expected = { hits: 5, misses: 3, sets: 1, deletes: 1, bytesRead: 15, bytesWritten: 5, backfills: 0, pending: 0 }
    assert.deepEqual(parts(stats, ...Object.keys(expected)), expected)
    assert.deepEqual(stats.latency.get, { count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0 })
  })

  test('counts the way from store to store, and back', async (t) => {
    const [kv, memory, sqlite] = await open(t, 'memory', 'sqlite')
    await sqlite.set('key', 'value')
    await kv.get('key')
    await kv.get('key')
    await kv.set('other', '1')
    await kv.delete('other')
    const expected = {
      memory: { hits: 1, misses: 1, sets: 1, deletes: 1, backfills: 1, backfillsDropped: 0, bytesRead: 5, bytesWritten: 6 },
      sqlite: { hits: 1, misses: 0, sets: 2, deletes: 1, backfills: 0, backfillsDropped: 0, bytesRead: 5, bytesWritten: 6 },
    }
    assert.deepEqual(parts(memory.stats(), ...Object.keys(expected.memory)), expected.memory)
    assert.deepEqual(parts(sqlite.stats(), ...Object.keys(expected.sqlite)), expected.sqlite)
    const { latency } = sqlite.stats()
    assert.deepEqual([latency.get.count, latency.set.count, latency.delete.count, latency.has.count], [1, 2, 1, 0])
    assert.ok(latency.set.p50 <= latency.set.p99 && latency.set.p99 <= latency.set.max)
    assert.ok(latency.set.max <= latency.set.sum)
  })

  test('counts what is pending, and reads that were coalesced', async (t) => {
    const [kv] = await open(t, 'sqlite')
    await kv.ready()
    const reads = [kv.get('key'), kv.get('key'), kv.set('other', 'value')]
    assert.deepEqual(parts(kv.stats(), 'pending', 'pendingBytes'), { pending: 3, pendingBytes: 16 })
    await Promise.all(reads)
    assert.deepEqual(parts(kv.stats(), 'pending', 'pendingBytes', 'coalesced'), { pending: 0, pendingBytes: 0, coalesced: 1 })
  })

  test('counts errors by their codes', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    const redis = kv.addStore('redis', { host: '127.0.0.1', port: 1 }, { circuitBreaker: 2 })
    for (let n = 0; n < 5; n++) await assert.rejects(kv.get('key'))
    const { errors, refused, isDown, hits, misses } = redis.stats()
    assert.deepEqual({ errors, refused, isDown, hits, misses }, {
      errors: { ERR_REDKV_CONNECTION: 2 }, refused: 3, isDown: true, hits: 0, misses: 0,
    })
  })

  test('answers after close()', async (t) => {
    const [kv] = await open(t, 'memory')
    await kv.set('key', 'value')
    await kv.close()
    assert.equal(kv.stats().stores[0].sets, 1)
  })
})

describe('onMetrics', () => {
  test('is called with the statistics again and again, until close()', async (t) => {
    const told = []
    const kv = new RedKV({ onMetrics: (stats) => told.push(stats), metricsInterval: 5 })
    t.after(() => kv.close())
    kv.addStore('memory')
    await kv.set('key', 'value')
    await until(() => told.length >= 3)
    assert.deepEqual(told.at(-1), kv.stats())
    await kv.close()
    const count = told.length
    await sleep(50)
    assert.equal(told.length, count)
  })

  test('may fail, which is a warning', async (t) => {
    const warnings = []
    const listener = ({ name, message }) => warnings.push(`${name}: ${message}`)
    process.on('warning', listener)
    t.after(() => process.off('warning', listener))
    let calls = 0
    const onMetrics = () => {
      calls += 1
      if (calls === 1) throw new RangeError('thrown')
      return calls === 2 ? Promise.reject(new Error('rejected')) : undefined
    }
    const kv = new RedKV({ onMetrics, metricsInterval: 5 })
    await until(() => calls >= 3)
    await kv.close()
    assert.ok(warnings.includes('RedKVWarning: onMetrics failed: RangeError: thrown'))
    assert.ok(warnings.includes('RedKVWarning: onMetrics failed: Error: rejected'))
  })

  test('keeps no process alive', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV({ onMetrics: () => console.log('called'), metricsInterval: '1h' })
      kv.addStore('memory')
      await kv.set('key', 'value')
      console.log('end')
    })
    assert.deepEqual({ code: result.code, stdout: result.stdout }, { code: 0, stdout: 'end\n' }, result.stderr)
  })

  test('keeps no instance alive, even one that it refers to', async () => {
    const result = await childOf(async () => {
      const references = []
      for (let n = 0; n < 20; n++) {
        let kv
        kv = new RedKV({ onMetrics: () => kv.stats(), metricsInterval: 5 })
        kv.addStore('memory')
        references.push(new WeakRef(kv))
      }
      while (references.some((reference) => reference.deref() !== undefined)) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        globalThis.gc()
      }
      console.log('collected')
    }, undefined, '--expose-gc')
    assert.equal(result.stdout, 'collected\n', result.stderr)
  })

  test('is a function, and the interval a duration', () => {
    for (const onMetrics of [5, 'text', {}, true]) {
      isArgumentError(thrownBy(() => new RedKV({ onMetrics })), 'onMetrics')
    }
    for (const metricsInterval of [0, -1, 'often', true, {}]) {
      isArgumentError(thrownBy(() => new RedKV({ metricsInterval })), 'metricsInterval')
    }
    isArgumentError(thrownBy(() => new RedKV({ onMetrics() {}, metricInterval: 5 })), 'metricInterval')
  })
})

test('the channel redkv:metrics publishes without onMetrics, when there is an interval', async (t) => {
  const told = []
  const listener = (stats) => told.push(stats)
  subscribe('redkv:metrics', listener)
  t.after(() => unsubscribe('redkv:metrics', listener))
  const kv = new RedKV({ metricsInterval: 5 })
  kv.addStore('memory')
  await until(() => told.length >= 2)
  await kv.close()
  assert.deepEqual(told.at(-1), kv.stats())
})

test('the example for Prometheus writes a line for every number', async (t) => {
  const [kv] = await open(t, 'memory', 'sqlite')
  await kv.set('key', 'value')
  await kv.get('key')
  const text = prometheusText(kv.stats())
  assert.match(text, /^redkv_hits_total\{store="memory",index="0"\} 1$/m)
  assert.match(text, /^redkv_request_seconds_count\{store="sqlite",index="1",operation="set"\} 1$/m)
  assert.doesNotMatch(text, /NaN|undefined|null/)
})
