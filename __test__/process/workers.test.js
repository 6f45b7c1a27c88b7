'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { existsSync } = require('node:fs')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const RedKV = require('../..')
const { childOf, prelude } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { until } = require('../support/wait.js')

/** A worker thread that runs the body of a function. */
const worker = (script, workerData) => new Worker(`${prelude};(${script})()`, { eval: true, workerData })

/** Writes and reads keys of its own beside others, in the main thread or a worker; resolves with how many were right. */
async function useStore(RedKV, path, name) {
  const kv = new RedKV()
  kv.addStore('memory')
  kv.addStore('sqlite', { path })
  const keys = Array.from({ length: 300 }, (_, index) => `${name}-${index}`)
  await Promise.all(keys.map((key) => kv.set(key, `value of ${key}`)))
  const read = await kv.getMany(keys)
  await kv.close()
  return read.filter((value, index) => value === `value of ${keys[index]}`).length
}

describe('worker threads', () => {
  test('use the addon side by side with the main thread', async (t) => {
    const path = freshFile(t)
    const source = `${prelude}
      const { parentPort, workerData } = require('node:worker_threads')
      ${useStore}
      useStore(RedKV, workerData.path, workerData.name).then((count) => parentPort.postMessage(count))
    `
    const workers = ['first', 'second'].map((name) => new Worker(source, { eval: true, workerData: { path, name } }))
    const counts = workers.map(async (worker) => (await once(worker, 'message'))[0])
    const exits = workers.map(async (worker) => (await once(worker, 'exit'))[0])
    assert.deepEqual(await Promise.all([useStore(RedKV, path, 'main'), ...counts]), [300, 300, 300])
    assert.deepEqual(await Promise.all(exits), [0, 0])
  })

  test('end by themselves without close()', async () => {
    const idle = worker(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.set('key', 'value')
    })
    assert.deepEqual(await once(idle, 'exit'), [0])
  })

  test('wait for their operations', async () => {
    const busy = worker(() => {
      const { parentPort } = require('node:worker_threads')
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      kv.set('key', 'value')
      kv.get('key').then((value) => parentPort.postMessage(value))
    })
    const exit = once(busy, 'exit')
    assert.deepEqual(await once(busy, 'message'), ['value'])
    assert.deepEqual(await exit, [0])
  })

  test('have errors of their own realm of modules', async () => {
    const failing = worker(async () => {
      const { parentPort } = require('node:worker_threads')
      const error = await new RedKV().get('key').catch((error) => error)
      parentPort.postMessage([error instanceof RedKV.RedKVError, error.code])
    })
    assert.deepEqual((await once(failing, 'message'))[0], [true, 'ERR_REDKV_NO_STORES'])
  })

  test('let go of their stores when they are terminated in the middle of a turn', async (t) => {
    const path = freshFile(t)
    const busy = worker(async () => {
      const { parentPort, workerData } = require('node:worker_threads')
      const kv = new RedKV()
      kv.addStore('sqlite', { path: workerData })
      await kv.set('key', 'value')
      kv.get('key')
      parentPort.postMessage('called')
      for (;;);
    }, path)
    await once(busy, 'message')
    assert.equal(existsSync(`${path}-wal`), true)
    await busy.terminate()
    // SQLite removes it when the last connection is closed.
    await until(() => !existsSync(`${path}-wal`))
  })

  test('may be terminated in the middle of operations, 50 times', async (t) => {
    const result = await childOf(async (path) => {
      const { once } = require('node:events')
      const { Worker } = require('node:worker_threads')
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      const source = `
        const { parentPort, workerData } = require('node:worker_threads')
        const RedKV = require(workerData.module)
        const kv = new RedKV()
        kv.addStore('memory')
        kv.addStore('sqlite', { path: workerData.path })
        for (let n = 0; n < 500; n += 1) kv.set(n, 'value').then(() => kv.get(n))
        kv.set('key', 'value').then(() => parentPort.postMessage('busy'))
        if (workerData.round % 3 === 0) parentPort.postMessage('busy')
      `
      const module = Object.keys(require.cache).find((file) => /[\\/]index\.js$/.test(file))
      for (let round = 0; round < 50; round += 1) {
        const worker = new Worker(source, { eval: true, workerData: { module, path, round } })
        await once(worker, 'message')
        const write = kv.set(`main-${round}`, 'value')
        await worker.terminate()
        await write
      }
      console.log(await kv.get('main-49'))
      await kv.close()
    }, freshFile(t))
    assert.deepEqual({ code: result.code, signal: result.signal, stdout: result.stdout }, { code: 0, signal: null, stdout: 'value\n' }, result.stderr)
  })
})
