'use strict'

// Ends while a Redis hangs: nothing may crash, and nothing may wait for it.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { childOf } = require('../support/child.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

/** A Redis that was there and hangs, under an instance whose operations may take a minute. */
async function hanging(t) {
  const server = await privateRedis(t)
  const kv = new RedKV()
  t.after(() => kv.close())
  const redis = kv.addStore('redis', server.options, { timeout: '1m' })
  await kv.set('key', 'value')
  server.pause()
  return { kv, redis, server }
}

/** The options of a Redis that hangs, for another process. */
async function hangingElsewhere(t) {
  const server = await privateRedis(t)
  server.pause()
  return { ...server.options, connectTimeout: '1m' }
}

/** Asserts that a process ended as wanted, and shows what it printed if it did not. */
function ended({ code, signal, stdout, stderr }, wantedCode, wantedOutput) {
  assert.deepEqual({ code, signal, stdout }, { code: wantedCode, signal: null, stdout: wantedOutput }, stderr)
}

describe('close({ timeout }) of a Redis that hangs', () => {
  test('rejects what is pending when it is over, and says whether a write may have been made', async (t) => {
    const { kv } = await hanging(t)
    const calls = {
      get: rejectionOf(() => kv.get('key')),
      set: rejectionOf(() => kv.set('key', 'new')),
      delete: rejectionOf(() => kv.delete('other')),
      getMany: rejectionOf(() => kv.getMany(['key', 'other'])),
      setMany: rejectionOf(() => kv.setMany({ a: '1', b: '2' })),
    }
    assert.equal(await kv.close({ timeout: 100 }), undefined)
    const told = []
    for (const [name, call] of Object.entries(calls)) {
      const { code, operation, outcome } = await call
      assert.deepEqual([code, operation], ['ERR_REDKV_CLOSED', name])
      told.push(outcome)
    }
    assert.deepEqual(told, ['not-applied', 'unknown', 'unknown', 'not-applied', 'unknown'])
    await assert.rejects(kv.get('key'), { code: 'ERR_REDKV_CLOSED' })
  })

  test('rejects thousands, also those that wait for the store to come up', async (t) => {
    const server = await privateRedis(t)
    server.pause()
    const kv = new RedKV()
    kv.addStore('redis', { ...server.options, connectTimeout: '1m' }, { timeout: '1m' })
    const calls = Array.from({ length: 5000 }, (_, n) => rejectionOf(() => kv.set(`key-${n}`, 'value')))
    calls.push(rejectionOf(() => kv.ready()))
    await kv.close({ timeout: 100 })
    assert.deepEqual(new Set((await Promise.all(calls)).map(({ code }) => code)), new Set(['ERR_REDKV_CLOSED']))
  })

  test('may come after one without, and shortens it', async (t) => {
    const { kv } = await hanging(t)
    const call = rejectionOf(() => kv.get('key'))
    const first = kv.close()
    const second = kv.close({ timeout: '1h' })
    await kv.close({ timeout: 50 })
    await Promise.all([first, second])
    assert.equal((await call).code, 'ERR_REDKV_CLOSED')
  })

  test('gives nothing up that ends in time', async (t) => {
    const { kv, server } = await hanging(t)
    const call = kv.get('key')
    const closed = kv.close({ timeout: '1m' })
    server.resume()
    await closed
    assert.equal(await call, 'value')
  })

  test('leaves other instances alone', async (t) => {
    const { kv } = await hanging(t)
    const other = await hanging(t)
    const call = other.kv.get('key')
    await kv.close({ timeout: 50 })
    other.server.resume()
    assert.equal(await call, 'value')
  })

  test('ends the process in time', async (t) => {
    const result = await childOf(async (options) => {
      const kv = new RedKV()
      kv.addStore('redis', options, { timeout: '1m' })
      for (let n = 0; n < 1000; n++) kv.set(n, 'value').catch(() => {})
      await kv.close({ timeout: 100 })
      console.log('closed')
    }, await hangingElsewhere(t))
    ended(result, 0, 'closed\n')
  })

  test('refuses what is no duration, and closes nothing then', async (t) => {
    const kv = new RedKV()
    kv.addStore('memory')
    for (const timeout of [0, -1, NaN, 'soon', '10', null, {}]) {
      isArgumentError(await rejectionOf(() => kv.close({ timeout })), 'timeout')
    }
    isArgumentError(await rejectionOf(() => kv.close({ timeuot: 100 })), 'timeuot')
    isArgumentError(await rejectionOf(() => kv.close(100)), 'options')
    await kv.set('key', 'value')
    await kv.close({ timeout: undefined })
  })
})

describe('a process with thousands of operations on a Redis that hangs', () => {
  test('has the exit code of process.exit()', async (t) => {
    const result = await childOf((options) => {
      const kv = new RedKV()
      kv.on('tierError', () => {})
      kv.addStore('memory')
      kv.addStore('redis', options)
      for (let n = 0; n < 5000; n++) kv.set(n, 'value')
      setTimeout(() => process.exit(7), 50)
    }, await hangingElsewhere(t))
    ended(result, 7, '')
  })

  test('has exit code 1 after an uncaught exception', async (t) => {
    const result = await childOf((options) => {
      const kv = new RedKV()
      kv.addStore('redis', options)
      for (let n = 0; n < 5000; n++) kv.get(n)
      setTimeout(() => {
        throw new Error('uncaught on purpose')
      }, 50)
    }, await hangingElsewhere(t))
    ended(result, 1, '')
    assert.match(result.stderr, /uncaught on purpose/)
  })

  test('may terminate workers, 20 times', async (t) => {
    const result = await childOf(async (options) => {
      const { once } = require('node:events')
      const { Worker } = require('node:worker_threads')
      const source = `
        const { parentPort, workerData } = require('node:worker_threads')
        const RedKV = require(workerData.module)
        const kv = new RedKV()
        for (const name of ['tierDown', 'tierUp', 'tierError', 'tierRepair']) kv.on(name, () => {})
        kv.addStore('redis', workerData.options, { timeout: 20 + workerData.round, optional: true })
        kv.addStore('memory')
        for (let n = 0; n < 2000; n++) kv.set(n, 'value').then(() => kv.get(n)).catch(() => {})
        if (workerData.round % 2 === 0) kv.close({ timeout: 10 })
        setTimeout(() => parentPort.postMessage('busy'), workerData.round * 3)
      `
      const module = Object.keys(require.cache).find((file) => /[\\/]index\.js$/.test(file))
      for (let round = 0; round < 20; round++) {
        const worker = new Worker(source, { eval: true, workerData: { module, options, round } })
        await once(worker, 'message')
        await worker.terminate()
      }
      console.log('terminated')
    }, await hangingElsewhere(t))
    ended(result, 0, 'terminated\n')
  })

  test('ends by itself once they have failed', async (t) => {
    const result = await childOf((options) => {
      const kv = new RedKV()
      for (const name of ['tierDown', 'tierUp', 'tierError', 'tierRepair']) kv.on(name, () => {})
      kv.addStore('redis', options, { timeout: 100 })
      const writes = Array.from({ length: 5000 }, (_, n) => kv.set(n, 'value'))
      Promise.allSettled(writes).then((results) => console.log(results.every(({ status }) => status === 'rejected')))
    }, await hangingElsewhere(t))
    ended(result, 0, 'true\n')
  })
})
