'use strict'

// Inline I/O: few operations at a time are sent from the JavaScript thread itself, with many through another thread. None
// of that may show but in the time it takes.

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { readFileSync, readdirSync } = require('node:fs')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { once } = require('node:events')
const RedKV = require('../..')
const { childOf, prelude } = require('../support/child.js')
const { freshPrefix, server } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')

/** So many operations one after the other are few at a time by any measure. */
const CALM = 100

const options = () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() })

/** A chain that has been used one operation at a time for a while. */
async function calm(t, clientOptions, tierOptions, ...before) {
  const kv = new RedKV()
  t.after(() => kv.close())
  for (const store of before) kv.addStore(store)
  kv.addStore('redis', clientOptions, tierOptions)
  for (let n = 0; n < CALM; n++) await kv.set(`calm-${n}`, `value-${n}`)
  return kv
}

/** How often the threads of RedKV went to sleep so far. */
function wakeUps() {
  const tasks = readdirSync('/proc/self/task').map((task) => `/proc/self/task/${task}`)
  const ours = tasks.filter((task) => readFileSync(`${task}/comm`, 'utf8').trim() === 'redkv-io')
  assert.notEqual(ours.length, 0)
  const count = (status) => Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)[1])
  return ours.reduce((sum, task) => sum + count(readFileSync(`${task}/status`, 'utf8')), 0)
}

/** Keeps the thread busy. */
function block(millis) {
  const end = performance.now() + millis
  while (performance.now() < end);
}

describe('operations on redis, few at a time', () => {
  test('read what was written, one by one', async (t) => {
    const kv = await calm(t, options())
    for (let n = 0; n < CALM; n++) assert.equal(await kv.get(`calm-${n}`), `value-${n}`)
    assert.equal(await kv.get('missing'), null)
    assert.equal(await kv.has('calm-1'), true)
    await kv.delete('calm-1')
    assert.equal(await kv.get('calm-1'), null)
  })

  if (process.platform === 'linux') {
    test('wake no other thread, as many do', async (t) => {
      const kv = await calm(t, options())
      const before = wakeUps()
      for (let n = 0; n < 1000; n++) await kv.get('calm-1')
      const afterFew = wakeUps()
      // A thread that takes part is woken for each of them; some are left for timers.
      assert.ok(afterFew - before < 500, `woken ${afterFew - before} times`)
      for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 300 }, () => kv.get('calm-1')))
      assert.ok(wakeUps() > afterFew)
    })
  }

  test('keep their order through changes between few and many', async (t) => {
    const kv = await calm(t, options())
    for (let round = 0; round < 20; round++) {
      const many = round % 2 === 0 ? 300 : 3
      const reads = []
      for (let n = 0; n < many; n++) {
        kv.set('key', `${round}-${n}`)
        reads.push(kv.get('key'))
      }
      assert.equal((await Promise.all(reads)).at(-1), `${round}-${many - 1}`)
      for (let n = 0; n < CALM; n++) assert.equal(await kv.get('key'), `${round}-${many - 1}`)
    }
  })

  test('fill memory', async (t) => {
    const client = options()
    const kv = await calm(t, client, {}, 'memory')
    const other = await calm(t, client)
    await other.set('elsewhere', 'value', { ttl: 60_000 })
    assert.equal(await kv.get('elsewhere'), 'value')
    await other.delete('elsewhere')
    assert.equal(await kv.get('elsewhere'), 'value')
  })

  test('continue with the next store, and fill redis from there', async (t) => {
    const kv = await calm(t, options())
    const behind = new RedKV()
    t.after(() => behind.close())
    const client = options()
    const redis = behind.addStore('redis', client)
    const sqlite = behind.addStore('sqlite', { path: ':memory:' })
    for (let n = 0; n < CALM; n++) await sqlite.set(`key-${n}`, `value-${n}`)
    for (let n = 0; n < CALM; n++) {
      assert.equal(await behind.get(`key-${n}`), `value-${n}`)
      assert.equal(await redis.get(`key-${n}`), `value-${n}`)
      await behind.set(`key-${n}`, `newer-${n}`)
      assert.equal(await behind.get(`key-${n}`), `newer-${n}`)
      assert.equal(await kv.get('calm-1'), 'value-1')
    }
  })

  test('carry values larger than any buffer', async (t) => {
    const kv = await calm(t, options())
    const value = 'abcdefgh'.repeat(1 << 19)
    await kv.set('large', value)
    for (let n = 0; n < 5; n++) assert.equal(await kv.get('large'), value)
    assert.equal((await kv.getMany(Array.from({ length: 60 }, () => 'large'))).every((v) => v === value), true)
  })

  test('have the asynchronous context of their caller', async (t) => {
    const kv = await calm(t, options())
    const storage = new AsyncLocalStorage()
    const seen = await Promise.all(
      [1, 2, 3].map((id) => storage.run(id, async () => [await kv.get('calm-1'), storage.getStore()]))
    )
    assert.deepEqual(seen, [['value-1', 1], ['value-1', 2], ['value-1', 3]])
  })

  test('are answered although the thread was busy for longer than their timeout', async (t) => {
    const kv = await calm(t, options(), { timeout: 200 })
    for (let n = 0; n < 3; n++) {
      const reading = kv.get('calm-7')
      // Behind the end of this turn, when the operation is on its way.
      process.nextTick(block, 600)
      assert.equal(await reading, 'value-7')
      assert.equal(await kv.get('calm-8'), 'value-8')
    }
  })

  test('time out when the server hangs, and work again when it continues', async (t) => {
    const redis = await privateRedis(t)
    const kv = await calm(t, redis.options, { timeout: 300 })
    process.kill(redis.pid, 'SIGSTOP')
    await assert.rejects(kv.get('calm-1'), { code: 'ERR_REDKV_TIMEOUT', store: 'redis', operation: 'get' })
    process.kill(redis.pid, 'SIGCONT')
    for (let n = 0; n < CALM; n++) assert.equal(await kv.get(`calm-${n}`), `value-${n}`)
  })

  test('fail when the server dies, and work again when it is back', async (t) => {
    const redis = await privateRedis(t)
    const kv = await calm(t, redis.options)
    await redis.kill()
    await assert.rejects(kv.get('calm-1'), { code: 'ERR_REDKV_CONNECTION', retryable: true })
    await redis.start()
    while ((await kv.get('calm-1').catch(() => undefined)) === undefined);
    for (let n = 0; n < CALM; n++) assert.equal(await kv.get(`calm-${n}`), `value-${n}`)
  })

  test('of several instances do not get in the way of each other', async (t) => {
    const chains = await Promise.all([1, 2, 3].map(() => calm(t, options())))
    for (let n = 0; n < CALM; n++) {
      const values = await Promise.all(chains.map((kv) => kv.get(`calm-${n}`)))
      assert.deepEqual(values, Array(3).fill(`value-${n}`))
    }
    await chains[0].close()
    await assert.rejects(chains[0].get('calm-1'), { code: 'ERR_REDKV_CLOSED' })
    assert.equal(await chains[1].get('calm-1'), 'value-1')
  })

  test('let the process end by itself, without close()', async () => {
    const result = await childOf(async ([options, calm]) => {
      const kv = new RedKV()
      kv.addStore('redis', options)
      for (let n = 0; n < calm; n++) await kv.set('key', String(n))
      console.log(await kv.get('key'))
    }, [options(), CALM])
    assert.deepEqual(result, { code: 0, signal: null, stdout: `${CALM - 1}\n`, stderr: '' })
  })

  test('reject where a handler throws, without harm to the others', async () => {
    const result = await childOf(async ([options, calm]) => {
      const kv = new RedKV()
      kv.addStore('redis', options)
      process.on('uncaughtException', (error) => console.log('caught', error.message))
      process.on('unhandledRejection', (error) => console.log('unhandled', error.message))
      for (let n = 0; n < calm; n++) await kv.set('key', String(n))
      kv.get('key').then(() => {
        throw new Error('by a handler')
      })
      console.log(await kv.get('key'))
      process.nextTick(() => console.log('still here'))
    }, [options(), CALM])
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(result.stdout.split('\n').sort(), ['', String(CALM - 1), 'still here', 'unhandled by a handler'])
  })

  test('may be cut off by the end of a worker, 30 times', async () => {
    const script = `${prelude}
      const { parentPort, workerData } = require('node:worker_threads')
      const kv = new RedKV()
      kv.addStore('redis', workerData)
      const run = async () => {
        for (let n = 0; ; n++) {
          await kv.set('key', String(n))
          if (n === ${CALM}) parentPort.postMessage('calm')
        }
      }
      run()`
    for (let n = 0; n < 30; n++) {
      const worker = new Worker(script, { eval: true, workerData: options() })
      await once(worker, 'message')
      assert.equal(await worker.terminate(), 1)
    }
  })
})
