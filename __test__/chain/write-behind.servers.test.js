'use strict'

// The tier option `writeBehind`: writes that are acknowledged before their store has made them.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const RedKV = require('../..')
const { childOf, prelude } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { until } = require('../support/wait.js')

/** A chain of memory in front of a Redis with a queue. */
async function behindMemory(t, options, tierOptions) {
  const server = await privateRedis(t)
  const kv = new RedKV()
  t.after(() => kv.close({ timeout: 1 }))
  const memory = kv.addStore('memory')
  const redis = kv.addStore('redis', server.options, { writeBehind: options, connectTimeout: '5s', ...tierOptions })
  await kv.ready()
  return { kv, server, memory, redis }
}

function stored(server, key) {
  return server.command('GET', key)
}

/** Asserts that a process ended as wanted, and shows what it printed if it did not. */
function ended({ code, signal, stdout, stderr }, wantedCode, wantedOutput) {
  assert.deepEqual({ code, signal, stdout }, { code: wantedCode, signal: null, stdout: wantedOutput }, stderr)
}

describe('a store with a queue', () => {
  test('does not keep its callers waiting, and answers from the queue', async (t) => {
    const { kv, server, redis } = await behindMemory(t, true)
    server.pause()
    await kv.set('key', 'value')
    await kv.setMany({ one: '1', two: '2' })
    await kv.delete('two')
    assert.deepEqual(await redis.getMany(['key', 'one', 'two']), ['value', '1', null])
    assert.deepEqual(await redis.hasMany(['key', 'two']), [true, false])
    server.resume()
    await kv.flush()
    assert.equal(await stored(server, 'key'), 'value')
    assert.equal(await stored(server, 'two'), null)
  })

  test('gets what waits when it is back', async (t) => {
    const { kv, server } = await behindMemory(t, true, { timeout: 100 })
    await server.kill()
    const keys = Array.from({ length: 2000 }, (_, index) => `key-${index}`)
    for (const key of keys) await kv.set(key, 'old')
    await kv.setMany(keys.map((key) => [key, 'new']))
    await server.start()
    await kv.flush()
    assert.equal(await server.command('DBSIZE'), '2000')
    assert.equal(await stored(server, 'key-1999'), 'new')
  })

  test('takes no more than its queue has room for', async (t) => {
    const { kv, server, redis } = await behindMemory(t, { maxPending: 10 }, { timeout: 200 })
    server.pause()
    for (let n = 0; n < 10; n++) await redis.set(`key-${n}`, 'value')
    await redis.set('key-9', 'newer')
    const error = await redis.set('key-10', 'value').then(assert.fail, (error) => error)
    assert.deepEqual(
      [error.code, error.store, error.operation, error.retryable, error.outcome],
      ['ERR_REDKV_OVERLOAD', 'redis', 'set', true, 'not-applied'],
    )
    const waiting = redis.set('key-11', 'value')
    server.resume()
    await waiting
    await kv.flush()
    assert.equal(await server.command('DBSIZE'), '11')
    assert.equal(await stored(server, 'key-9'), 'newer')
  })

  test('lets close() wait for its queue', async (t) => {
    const { kv, server } = await behindMemory(t, true)
    server.pause()
    await kv.set('key', 'value')
    const closing = kv.close()
    await assert.rejects(kv.flush(), { code: 'ERR_REDKV_CLOSED' })
    server.resume()
    await closing
    assert.equal(await stored(server, 'key'), 'value')
  })

  test('does not serve what it has lost, as a cache', async (t) => {
    const server = await privateRedis(t)
    const kv = new RedKV()
    t.after(() => kv.close({ timeout: 1 }))
    const redis = kv.addStore('redis', server.options, { writeBehind: { retry: false }, timeout: 100 })
    const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
    await kv.set('key', 'old')
    await kv.flush()
    server.pause()
    const lost = once(kv, 'writeError')
    await kv.set('key', 'new')
    const [{ store, index, key, operation, error }] = await lost
    assert.deepEqual([store, index, key, operation, error.code], ['redis', 0, 'key', 'set', 'ERR_REDKV_TIMEOUT'])
    assert.equal(await kv.get('key'), 'new')
    await assert.rejects(redis.get('key'))
    server.resume()
    await until(() => redis.get('key').then((value) => value !== 'old', () => false))
    assert.equal(await kv.get('key'), 'new')
    assert.equal(await sqlite.get('key'), 'new')
  })
})

describe('a write that was lost', () => {
  test('is reported with its key, one event for each, and by the next flush()', async (t) => {
    const { kv, server, memory } = await behindMemory(t, { retry: '300ms' }, { timeout: 100 })
    await kv.set('deleted', 'value')
    await kv.flush()
    const published = []
    const listener = (event) => published.push(event)
    subscribe('redkv:writeError', listener)
    t.after(() => unsubscribe('redkv:writeError', listener))
    const events = []
    kv.on('writeError', (event) => events.push(event))
    server.pause()
    const keys = Array.from({ length: 500 }, (_, index) => `schlüssel-${index}`)
    await kv.setMany(keys.map((key) => [key, 'value']))
    await kv.delete('deleted')
    await assert.rejects(kv.flush(), { code: /TIMEOUT|CONNECTION/, store: 'redis' })
    await until(() => events.length === 501)
    assert.deepEqual(published, events)
    const sets = events.filter(({ operation }) => operation === 'set')
    assert.deepEqual(sets.map(({ key }) => key).sort(), keys.sort())
    assert.deepEqual(events.filter(({ operation }) => operation === 'delete').map(({ key }) => key), ['deleted'])
    for (const { store, index, error } of events) {
      assert.deepEqual([store, index, error.store], ['redis', 1, 'redis'])
      assert.ok(error instanceof RedKV.RedKVError)
    }
    server.resume()
    assert.equal(await memory.get('schlüssel-0'), null, 'no cache keeps what the last store does not have')
    await until(() => kv.flush().then(() => true, () => false))
  })

  test('is reported when close() no longer waits', async (t) => {
    const { kv, server } = await behindMemory(t, true)
    const events = []
    kv.on('writeError', ({ key, error }) => events.push([key, error.code, error.outcome]))
    server.pause()
    await kv.set('key', 'value')
    await kv.close({ timeout: 50 })
    assert.deepEqual(events, [['key', 'ERR_REDKV_CLOSED', 'unknown']])
    server.resume()
  })

  test('that nobody listens to is a warning, once', async (t) => {
    const server = await privateRedis(t)
    await server.kill()
    const result = await childOf(async (options) => {
      process.on('warning', ({ name, message }) => console.log(name, message))
      const kv = new RedKV()
      kv.addStore('redis', options, { writeBehind: { retry: '200ms' } })
      await kv.setMany({ one: '1', two: '2' })
      console.log('set')
      await kv.flush().catch(({ code }) => console.log(code))
      await kv.set('three', '3')
    }, server.options)
    const warning = "a write to a store with the option 'writeBehind' was lost, and nobody listens: add a listener for 'writeError'"
    ended(result, 0, `set\nRedKVWarning ${warning}\nERR_REDKV_CONNECTION\n`)
  })
})

describe('a process without close()', () => {
  test('ends when its queue is empty', async (t) => {
    const server = await privateRedis(t)
    const result = await childOf(async (options) => {
      const kv = new RedKV()
      kv.addStore('memory')
      kv.addStore('redis', options, { writeBehind: true })
      for (let n = 0; n < 500; n++) await kv.set(`key-${n}`, 'value')
      console.log('set')
    }, server.options)
    ended(result, 0, 'set\n')
    assert.equal(await server.command('DBSIZE'), '500')
  })

  test('stays for a store that comes back', async (t) => {
    const server = await privateRedis(t)
    await server.kill()
    const running = childOf(async (options) => {
      const kv = new RedKV()
      kv.addStore('redis', options, { writeBehind: true })
      await kv.set('key', 'value')
      console.log('set')
    }, server.options)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await server.start()
    ended(await running, 0, 'set\n')
    assert.equal(await stored(server, 'key'), 'value')
  })
})

test('a process that is killed loses what was queued, and nothing that was flushed', async (t) => {
  const server = await privateRedis(t)
  const script = async (options) => {
    const kv = new RedKV()
    kv.addStore('redis', options, { writeBehind: true })
    const entries = Array.from({ length: 1000 }, (_, index) => [`key-${index}`, 'value'])
    await kv.setMany(entries)
    await kv.flush()
    process.stdout.write('flushed\n')
    for (let turn = 0; ; turn++) await kv.set('turn', turn)
  }
  const running = spawn(process.execPath, ['--eval', `${prelude};(${script})(${JSON.stringify(server.options)})`])
  await once(running.stdout, 'data')
  running.kill('SIGKILL')
  await once(running, 'close')
  const keys = Number(await server.command('DBSIZE'))
  assert.ok(keys === 1000 || keys === 1001, `${keys} keys`)
})

test('a worker that comes to its end sends what is queued first', async (t) => {
  const server = await privateRedis(t)
  const script = async (options) => {
    const kv = new RedKV()
    kv.addStore('redis', options, { writeBehind: true })
    for (let n = 0; n < 500; n++) await kv.set(`key-${n}`, 'value')
  }
  const worker = new Worker(`${prelude};(${script})(${JSON.stringify(server.options)})`, { eval: true })
  await once(worker, 'exit')
  assert.equal(await server.command('DBSIZE'), '500')
})

test('flush() with nothing to wait for resolves, and a signal ends the waiting', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close({ timeout: 1 }))
  const memory = kv.addStore('memory')
  await kv.flush()
  await memory.flush()
  const server = await privateRedis(t)
  kv.addStore('redis', server.options, { writeBehind: true })
  await kv.ready()
  server.pause()
  await kv.set('key', 'value')
  await assert.rejects(kv.flush({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
  await assert.rejects(kv.flush({ signl: 5 }), { code: 'ERR_REDKV_ARGUMENT' })
  server.resume()
  await kv.flush()
})
