'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { childOf } = require('../support/child.js')
const { freshPrefix, server } = require('../support/fresh.js')
const { kinds, optionsOf } = require('../support/stores.js')
const { privateRedis } = require('../support/servers/redis-server.js')

/** Asserts that a process ended as wanted, and shows what it printed if it did not. */
function ended({ code, signal, stdout, stderr }, wantedCode, wantedOutput) {
  assert.deepEqual({ code, signal, stdout }, { code: wantedCode, signal: null, stdout: wantedOutput }, stderr)
}

for (const kind of ['redis', 'dynamodb', 'dynamodbLocal']) {
  const { store } = kinds[kind]

  describe(`a process that is connected to ${kind}`, () => {
    test('ends by itself without close()', async (t) => {
      const result = await childOf(async ([store, options]) => {
        const kv = new RedKV()
        kv.addStore('memory')
        kv.addStore(store, options)
        await kv.ready()
        await kv.set('key', 'value')
        console.log(await kv.get('key'))
      }, [store, await optionsOf(t, kind)])
      ended(result, 0, 'value\n')
    })

    test('ends by itself when the store was never used', async (t) => {
      const result = await childOf(([store, options]) => {
        new RedKV().addStore(store, options)
      }, [store, await optionsOf(t, kind)])
      ended(result, 0, '')
    })

    test('waits for an operation that is pending, and ends then', async (t) => {
      const result = await childOf(([store, options]) => {
        const kv = new RedKV()
        kv.addStore(store, options)
        kv.set('key', 'value')
        kv.get('key').then((value) => console.log(value))
      }, [store, await optionsOf(t, kind)])
      ended(result, 0, 'value\n')
    })

    test('ends after close()', async (t) => {
      const result = await childOf(async ([store, options]) => {
        const kv = new RedKV()
        kv.addStore(store, options)
        kv.set('key', 'value').then(() => console.log('written'))
        await kv.close()
        console.log('closed')
      }, [store, await optionsOf(t, kind)])
      ended(result, 0, 'written\nclosed\n')
    })

    test('has the exit code of process.exit() with thousands of operations in flight', async (t) => {
      const result = await childOf(([store, options]) => {
        const kv = new RedKV()
        kv.addStore('memory')
        kv.addStore(store, options)
        for (let n = 0; n < 5000; n += 1) kv.set(n, 'value')
        kv.set('key', 'value').then(() => {})
        setTimeout(() => process.exit(7), 20)
      }, [store, await optionsOf(t, kind)])
      ended(result, 7, '')
    })

    test('has exit code 1 after an uncaught exception with operations in flight', async (t) => {
      const result = await childOf(([store, options]) => {
        const kv = new RedKV()
        kv.addStore(store, options)
        for (let n = 0; n < 5000; n += 1) kv.set(n, 'value')
        setTimeout(() => {
          throw new Error('uncaught on purpose')
        }, 20)
      }, [store, await optionsOf(t, kind)])
      ended(result, 1, '')
      assert.match(result.stderr, /uncaught on purpose/)
    })

    test('may terminate workers in the middle of operations, 50 times', async (t) => {
      const result = await childOf(async ([store, options]) => {
        const { once } = require('node:events')
        const { Worker } = require('node:worker_threads')
        const kv = new RedKV()
        kv.addStore(store, options)
        const source = `
          const { parentPort, workerData } = require('node:worker_threads')
          const RedKV = require(workerData.module)
          const kv = new RedKV()
          kv.addStore('memory')
          kv.addStore(workerData.store, workerData.options)
          for (let n = 0; n < 200; n += 1) kv.set(n, 'value').then(() => kv.get(n))
          kv.set('key', 'value').then(() => parentPort.postMessage('busy'))
          if (workerData.round % 2 === 0) parentPort.postMessage('busy')
        `
        const module = Object.keys(require.cache).find((file) => /[\\/]index\.js$/.test(file))
        for (let round = 0; round < 50; round += 1) {
          const worker = new Worker(source, { eval: true, workerData: { module, store, options, round } })
          await once(worker, 'message')
          const write = kv.set(`main-${round}`, 'value')
          await worker.terminate()
          await write
        }
        console.log(await kv.get('main-49'))
      }, [store, await optionsOf(t, kind)])
      ended(result, 0, 'value\n')
    })
  })
}

describe('a process whose Redis is gone', () => {
  test('ends by itself without close()', async (t) => {
    const redis = await privateRedis(t)
    const ending = childOf(async (options) => {
      const { pid, ...address } = options
      const kv = new RedKV()
      kv.addStore('redis', address)
      await kv.set('key', 'value')
      process.kill(pid, 'SIGKILL')
      let failures = 0
      while (failures < 3) await kv.set('key', 'value').catch(() => (failures += 1))
      console.log('lost')
    }, { ...redis.options, pid: redis.pid })
    ended(await ending, 0, 'lost\n')
  })

  test('ends by itself while a write is to be repaired in a cache', async (t) => {
    const redis = await privateRedis(t)
    const ending = childOf(async (options) => {
      const { pid, ...address } = options
      const kv = new RedKV()
      kv.addStore('redis', address)
      kv.addStore('memory')
      await kv.set('key', 'old')
      process.kill(pid, 'SIGKILL')
      const error = await kv.set('key', 'new').then(() => kv.set('key', 'new')).catch((error) => error)
      console.log(error.store, await kv.get('key'))
    }, { ...redis.options, pid: redis.pid })
    ended(await ending, 0, 'redis new\n')
  })

  test('has no unhandled rejection and no uncaught exception for want of a listener', async (t) => {
    const redis = await privateRedis(t)
    const ending = childOf(async (options) => {
      process.on('unhandledRejection', (error) => console.log('unhandled', error))
      const { pid, ...address } = options
      const kv = new RedKV()
      kv.addStore('redis', address)
      await kv.set('key', 'value')
      process.kill(pid, 'SIGKILL')
      setTimeout(() => kv.close().then(() => console.log('closed')), 300)
    }, { ...redis.options, pid: redis.pid })
    ended(await ending, 0, 'closed\n')
  })
})

test('two processes see what the other one writes to Redis', async () => {
  const options = { url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }
  const write = (options) => {
    const kv = new RedKV()
    kv.addStore('redis', options)
    kv.set('key', 'of the first')
  }
  const read = async (options) => {
    const kv = new RedKV()
    kv.addStore('redis', options)
    console.log(await kv.get('key'))
  }
  ended(await childOf(write, options), 0, '')
  ended(await childOf(read, options), 0, 'of the first\n')
})
