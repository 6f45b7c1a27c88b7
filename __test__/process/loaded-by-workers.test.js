'use strict'

// Processes whose main thread never loads RedKV, as those of test runners and pools of threads; and several addons in one.

const { copyFileSync } = require('node:fs')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { printed, root, run } = require('../support/child.js')
const { freshFile, freshFolder } = require('../support/fresh.js')

/** Asserts that a process whose main thread runs `script(data)`, without RedKV at hand, ends well and prints `stdout`. */
async function prints(stdout, script, data) {
  const source = `(${script})(${JSON.stringify({ root, ...data })})`
  printed(await run(process.execPath, ['--eval', source]), stdout)
}

describe('loaded by worker threads alone', () => {
  test('one after the other', async () => {
    await prints('20\n', async ({ root }) => {
      const { Worker } = require('node:worker_threads')
      const source = `
        const RedKV = require(${JSON.stringify(root)})
        const kv = new RedKV()
        kv.addStore('memory')
        kv.addStore('sqlite', { path: ':memory:' })
        kv.set('key', 'x'.repeat(5000)).then(() => kv.get('key')).then((value) => process.exit(value.length === 5000 ? 0 : 1))
      `
      let ended = 0
      for (let n = 0; n < 20; n += 1) {
        const code = await new Promise((resolve) => new Worker(source, { eval: true }).once('exit', resolve))
        if (code === 0) ended += 1
      }
      console.log(ended)
    })
  })

  test('that do nothing else', async () => {
    await prints('', async ({ root }) => {
      const { Worker } = require('node:worker_threads')
      const source = `require(${JSON.stringify(root)})`
      for (let n = 0; n < 5; n += 1) await new Promise((resolve) => new Worker(source, { eval: true }).once('exit', resolve))
    })
  })

  test('side by side, while others come and go', async () => {
    await prints('12\n', async ({ root }) => {
      const { Worker } = require('node:worker_threads')
      const source = `
        const RedKV = require(${JSON.stringify(root)})
        const kv = new RedKV()
        kv.addStore('sqlite', { path: ':memory:' })
        const keys = Array.from({ length: 200 }, (_, index) => 'key' + index)
        Promise.all(keys.map((key) => kv.set(key, key))).then(() => kv.getMany(keys)).then(async (values) => {
          await kv.close()
          process.exit(values.every((value, index) => value === keys[index]) ? 0 : 1)
        })
      `
      const one = () => new Promise((resolve) => new Worker(source, { eval: true }).once('exit', resolve))
      const inTurn = async () => [await one(), await one(), await one()]
      const codes = (await Promise.all([inTurn(), inTurn(), inTurn(), inTurn()])).flat()
      console.log(codes.filter((code) => code === 0).length)
    })
  })

  test('that are terminated in the middle of operations', async (t) => {
    await prints('value\n', async ({ root, path }) => {
      const { once } = require('node:events')
      const { Worker } = require('node:worker_threads')
      const source = `
        const { parentPort, workerData } = require('node:worker_threads')
        const RedKV = require(workerData.root)
        const kv = new RedKV()
        kv.addStore('memory')
        kv.addStore('sqlite', { path: workerData.path })
        for (let n = 0; n < 200; n += 1) kv.set(n, 'value').then(() => kv.get(n))
        kv.get('key').then(() => parentPort.postMessage('busy'))
      `
      for (let n = 0; n < 20; n += 1) {
        const worker = new Worker(source, { eval: true, workerData: { root, path } })
        await once(worker, 'message')
        await worker.terminate()
      }
      // The main thread is the last one to load it.
      const RedKV = require(root)
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      await kv.set('key', 'value')
      console.log(await kv.get('key'))
      await kv.close()
    }, { path: freshFile(t) })
  })
})

test('six copies of the addon are loaded into one process', async (t) => {
  const folder = freshFolder(t)
  require('../..')
  const addon = Object.keys(require.cache).find((file) => file.endsWith('.node'))
  const copies = Array.from({ length: 6 }, (_, index) => join(folder, `${index}.node`))
  copies.forEach((copy) => copyFileSync(addon, copy))
  await prints('6\n', ({ copies }) => {
    console.log(copies.map((copy) => require(copy)).filter(({ connect }) => typeof connect === 'function').length)
  }, { copies })
})
