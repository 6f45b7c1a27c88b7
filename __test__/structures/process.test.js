'use strict'

// What data structures do to the process, threads and realms that they live in.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { Structures } = require('../..')
const { childOf, prelude, printed, root } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { freshContext, loadInto } = require('../support/realm.js')

/** A worker thread that runs the body of a function. */
const worker = (script) => new Worker(`${prelude};(${script})()`, { eval: true })

describe('a process', () => {
  test('ends by itself without close()', async () => {
    const result = await childOf(async () => {
      const db = new RedKV.Structures('memory')
      await db.zAdd('z', 'm', 1)
      console.log(await db.zScore('z', 'm'))
    })
    printed(result, '1\n')
  })

  test('ends by itself without close(), with a file open', async (t) => {
    const result = await childOf(async (path) => {
      const db = new RedKV.Structures('sqlite', { path })
      await db.sAdd('s', 'm')
      console.log(await db.sCard('s'))
    }, freshFile(t))
    printed(result, '1\n')
  })

  test('keeps in a file what two instances and another process read', async (t) => {
    const path = freshFile(t)
    const [one, two] = [new Structures('sqlite', { path }), new Structures('sqlite', { path })]
    t.after(() => Promise.all([one.close(), two.close()]))
    await Promise.all([one.incrBy('n'), two.incrBy('n'), one.zAdd('z', 'a', 1), two.zhAdd('z', 'b', 'B', 2)])
    const result = await childOf(async (path) => {
      const db = new RedKV.Structures('sqlite', { path })
      console.log(await db.incrBy('n'), await db.zhRangeByScore('z', 0, 9))
    }, path)
    printed(result, "3 [ 'a', 'B' ]\n")
    assert.equal(await two.get('n'), '3')
  })

  test('waits for what it has called', async () => {
    const result = await childOf(() => {
      const db = new RedKV.Structures('memory')
      const batch = db.batch()
      batch.set('k', 'v')
      batch.exec().then(() => db.get('k')).then(console.log)
    })
    printed(result, 'v\n')
  })

  test('ends in the middle of an iteration that nobody continues', async () => {
    const result = await childOf(async () => {
      const db = new RedKV.Structures('memory')
      await Promise.all(Array.from({ length: 3000 }, (_, n) => db.zAdd('z', n, n)))
      const entries = db.zIterate('z')
      console.log((await entries.next()).value.value)
    })
    printed(result, '0\n')
  })

  test('may import them from an ES module', async () => {
    const result = await childOf(async (root) => {
      const { Structures } = await import(`${root}/index.mjs`)
      const db = new Structures('memory')
      await db.hSet('h', 'f', 'v')
      console.log(await db.hGet('h', 'f'))
    }, root)
    printed(result, 'v\n')
  })
})

describe('worker threads', () => {
  test('use them side by side with the main thread, each its own', async (t) => {
    const db = new Structures('memory')
    t.after(() => db.close())
    const workers = [1, 2].map(() =>
      worker(async () => {
        const { parentPort } = require('node:worker_threads')
        const db = new RedKV.Structures('memory')
        await Promise.all(Array.from({ length: 500 }, () => db.incrBy('n')))
        parentPort.postMessage(await db.incrBy('n', 0n))
      }),
    )
    const counts = workers.map(async (worker) => (await once(worker, 'message'))[0])
    await Promise.all(Array.from({ length: 500 }, () => db.incrBy('n')))
    assert.deepEqual(await Promise.all(counts), [500n, 500n])
    assert.equal(await db.get('n'), '500')
  })

  test('may load the module before the main thread does, and end', async () => {
    const result = await childOf(async (root) => {
      const { Worker } = require('node:worker_threads')
      const source = `
        const { Structures } = require(${JSON.stringify(root)})
        const db = new Structures('memory')
        db.sAdd('s', 'm').then(() => db.sMembers('s')).then(([m]) => require('node:worker_threads').parentPort.postMessage(m))
      `
      const said = await new Promise((resolve) => new Worker(source, { eval: true }).once('message', resolve))
      console.log(said)
    }, root)
    printed(result, 'm\n')
  })

  test('may be terminated in the middle of operations', async () => {
    const busy = worker(async () => {
      const { parentPort } = require('node:worker_threads')
      const db = new RedKV.Structures('memory')
      for (let n = 0; n < 5000; n += 1) db.zAdd('z', n, n)
      const write = db.atomicWrite()
      write.set('k', 'v')
      write.exec()
      parentPort.postMessage('called')
      for (;;);
    })
    await once(busy, 'message')
    assert.equal(await busy.terminate(), 1)
  })
})

test('fake timers keep nothing waiting', async (t) => {
  const db = new Structures('memory')
  t.after(() => db.close())
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
  const batch = db.batch()
  const value = batch.incrBy('n', 1n)
  await batch.exec()
  assert.equal(await value, 1n)
  assert.equal(await db.atomicWrite().exec(), true)
})

describe('in another realm', () => {
  test('answers and errors are of the realm of the module', async () => {
    const { Structures, RedKVError } = loadInto(freshContext())
    const db = new Structures('memory')
    const reading = db.get(Buffer.from('k'))
    assert.equal(await reading, null)
    await db.sAdd('s', new Set(['a', 'b']))
    await db.hSet('h', new Map([['f', Buffer.from('v')]]))
    await db.hSet('h', { g: new Uint8Array([0x77]) })
    assert.deepEqual({ ...(await db.hGetAll('h')) }, { f: 'v', g: 'w' })
    assert.equal((await db.sMembers('s')).length, 2)
    await assert.rejects(db.incrBy('s'), (error) => error instanceof RedKVError && error.code === 'ERR_REDKV_TYPE')
    await db.close()
  })
})
