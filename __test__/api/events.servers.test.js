'use strict'

// Events: what happens without a caller reaches listeners, and needs none.

const assert = require('node:assert/strict')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { EventEmitter, once } = require('node:events')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { childOf } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { until } = require('../support/wait.js')

/** A chain of a Redis, with these tier options, in front of a file. */
async function cached(t, tierOptions) {
  const server = await privateRedis(t)
  const kv = new RedKV()
  t.after(() => kv.close())
  const redis = kv.addStore('redis', server.options, { timeout: 100, connectTimeout: '5s', ...tierOptions })
  const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
  await kv.ready()
  return { kv, server, redis, sqlite }
}

/** Asserts that a process ended as wanted, and shows what it printed if it did not. */
function ended({ code, signal, stdout, stderr }, wantedCode, wantedOutput) {
  assert.deepEqual({ code, signal, stdout }, { code: wantedCode, signal: null, stdout: wantedOutput }, stderr)
}

describe('events', () => {
  test('tell of a read that went on without a store', async (t) => {
    const { kv, server, sqlite } = await cached(t)
    await sqlite.set('key', 'value')
    server.pause()
    const told = once(kv, 'tierError')
    assert.equal(await kv.get('key'), 'value')
    const [{ store, index, error, keys, count }] = await told
    assert.deepEqual({ store, index, keys, count }, { store: 'redis', index: 0, keys: 1, count: 1 })
    assert.ok(error instanceof RedKV.RedKVError)
    assert.deepEqual([error.code, error.store, error.operation], ['ERR_REDKV_TIMEOUT', 'redis', 'get'])
    server.resume()
  })

  test('tell of a write that an optional store missed, and of its repair', async (t) => {
    const { kv, server } = await cached(t, { optional: true })
    await kv.set('key', 'old')
    server.pause()
    const [told, repaired] = [once(kv, 'tierError'), once(kv, 'tierRepair')]
    await kv.set('key', 'new')
    const [{ store, error }] = await told
    assert.deepEqual([store, error.operation, error.outcome], ['redis', 'set', 'unknown'])
    server.resume()
    assert.deepEqual(await repaired, [{ store: 'redis', index: 0, keys: 1 }])
    assert.equal(await kv.get('key'), 'new')
  })

  test('tell when a store goes down and when it is up again', async (t) => {
    const { kv, server } = await cached(t)
    const [down, up] = [once(kv, 'tierDown'), once(kv, 'tierUp')]
    await server.kill()
    let isDown = false
    down.then(() => (isDown = true))
    await until(() => kv.get('key').then(() => isDown))
    const [{ store, index, error }] = await down
    assert.deepEqual([store, index, error.store], ['redis', 0, 'redis'])
    await server.start()
    let isUp = false
    up.then(() => (isUp = true))
    await until(() => kv.get('key').then(() => isUp))
    const [event] = await up
    assert.deepEqual([event.store, event.index, event.downFor > 0], ['redis', 0, true])
  })

  test('are published to channels of diagnostics_channel too', async (t) => {
    const { kv, server } = await cached(t)
    const published = new Promise((resolve) => {
      const listener = (event, channel) => resolve([event, channel])
      subscribe('redkv:tierError', listener)
      t.after(() => unsubscribe('redkv:tierError', listener))
    })
    server.pause()
    await kv.get('key')
    const [{ store, error }, channel] = await published
    assert.deepEqual([store, error.code, channel], ['redis', 'ERR_REDKV_TIMEOUT', 'redkv:tierError'])
    server.resume()
  })

  test('do not repeat the error that a caller got', async (t) => {
    const server = await privateRedis(t)
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('redis', server.options, { timeout: 50, connectTimeout: '5s' })
    await kv.ready()
    server.pause()
    kv.on('tierError', (event) => assert.fail(`told of ${event.error}`))
    await assert.rejects(kv.get('key'), { code: 'ERR_REDKV_TIMEOUT' })
    await assert.rejects(kv.set('key', 'value'), { store: 'redis' })
    server.resume()
  })

  test('of one kind become one while the thread is busy', async (t) => {
    const { kv, server } = await cached(t, { timeout: 20 })
    server.pause()
    const told = once(kv, 'tierError')
    const reads = []
    for (let turn = 0; turn < 20; turn++) {
      reads.push(kv.get(`key-${turn}`))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const end = performance.now() + 300
    while (performance.now() < end);
    await Promise.all(reads)
    const [{ keys, count }] = await told
    assert.ok(keys > 1, `${keys} keys`)
    assert.ok(count > 1, `${count} requests`)
    server.resume()
  })
})

test('an instance is an EventEmitter, its stores are none', () => {
  const kv = new RedKV()
  assert.ok(kv instanceof EventEmitter)
  assert.ok(!(kv.addStore('memory') instanceof EventEmitter))
  assert.deepEqual(kv.eventNames(), [])
})

describe('a process', () => {
  /** A chain of a Redis that is gone in front of memory, which goes on. */
  const withoutRedis = `async (listen) => {
    const kv = new RedKV()
    kv.addStore('redis', { host: '127.0.0.1', port: 9 }, { optional: true })
    kv.addStore('memory')
    listen(kv)
    await kv.set('key', 'value')
    return kv
  }`

  test('ends by itself with listeners and a Redis that is gone', async () => {
    const result = await childOf(`async () => {
      for (const name of ['tierDown', 'tierUp', 'tierError', 'tierRepair']) {
        require('node:diagnostics_channel').subscribe('redkv:' + name, () => {})
      }
      const kv = await (${withoutRedis})((kv) => {
        for (const name of ['tierDown', 'tierUp', 'tierError', 'tierRepair']) kv.on(name, () => {})
      })
      console.log(await kv.get('key'))
    }`)
    ended(result, 0, 'value\n')
  })

  test('needs no listener', async () => {
    const result = await childOf(`async () => {
      process.on('uncaughtException', (error) => console.log(error))
      process.on('unhandledRejection', (error) => console.log(error))
      process.on('warning', (warning) => console.log(warning))
      const kv = await (${withoutRedis})(() => {})
      for (let n = 0; n < 100; n++) await kv.set(n, 'value')
      console.log(await kv.get('99'))
    }`)
    ended(result, 0, 'value\n')
  })

  test('gets what a listener throws as an uncaught exception, and all answers', async () => {
    const result = await childOf(`async () => {
      let uncaught = 0
      process.on('uncaughtException', (error) => (uncaught += error.message === 'of the listener'))
      const kv = await (${withoutRedis})((kv) => kv.on('tierError', () => {
        throw new Error('of the listener')
      }))
      const writes = Array.from({ length: 1000 }, (_, n) => kv.set(n, 'value'))
      console.log((await Promise.all(writes)).length)
      const reads = Array.from({ length: 1000 }, (_, n) => kv.get(n))
      console.log((await Promise.all(reads)).every((value) => value === 'value'))
      setTimeout(() => console.log(uncaught > 0), 50)
    }`)
    ended(result, 0, '1000\ntrue\ntrue\n')
  })

  test('ends with code 1 by what a listener throws, if nobody catches it', async () => {
    const result = await childOf(`async () => {
      const kv = await (${withoutRedis})((kv) => kv.on('tierError', () => {
        throw new Error('of the listener')
      }))
      setTimeout(() => kv.get('key'), 1000)
    }`)
    assert.equal(result.code, 1)
    assert.match(result.stderr, /of the listener/)
  })

  test('may exit the process', async () => {
    const result = await childOf(`async () => {
      await (${withoutRedis})((kv) => kv.on('tierError', () => process.exit(7)))
      setTimeout(() => {}, 60_000)
    }`)
    ended(result, 7, '')
  })
})
