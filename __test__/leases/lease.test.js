'use strict'

// Leases in one process: how they are taken, kept, lost and given back.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')
const { childOf, printed, root } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const kv = new RedKV()
  t.after(() => kv.close())
  const store = kv.addStore('memory')
  return { kv, store }
}

const slept = (millis) => new Promise((resolve) => setTimeout(resolve, millis))

describe('a lease', () => {
  test('has one holder at a time, whose token grows', async (t) => {
    const { kv } = opened(t)
    const first = await kv.lease('job')
    assert.equal(typeof first.token, 'bigint')
    assert.equal(await kv.lease('job'), null)
    const other = await kv.lease('other')
    await first.release()
    const second = await kv.lease('job')
    assert.ok(second.token > first.token)
    assert.deepEqual([first.lost.aborted, other.name], [false, 'other'])
    assert.match(inspect(first), /^Lease\('job', \d+n, released\)$/)
  })

  test('is renewed for as long as it is held', async (t) => {
    const { kv } = opened(t)
    const lease = await kv.lease('job', { ttl: 150 })
    await slept(600)
    assert.equal(await kv.lease('job'), null)
    assert.equal(lease.lost.aborted, false)
  })

  test('is lost when the event loop was blocked for its life', async (t) => {
    const { kv } = opened(t)
    const lease = await kv.lease('job', { ttl: 150 })
    const lost = once(lease.lost, 'abort')
    const end = performance.now() + 300
    while (performance.now() < end);
    await lost
    assert.deepEqual([lease.lost.reason.code, lease.lost.reason.operation], ['ERR_REDKV_LEASE_LOST', 'lease'])
    assert.ok((await kv.lease('job')).token > lease.token)
    await lease.release()
    assert.equal(await kv.lease('job'), null)
  })

  test('is waited for', async (t) => {
    const { kv } = opened(t)
    const first = await kv.lease('job')
    const waiting = kv.lease('job', { wait: '30s' })
    await first.release()
    assert.ok((await waiting).token > first.token)
    assert.equal(await kv.lease('job', { wait: 60 }), null)
  })

  test('is not taken by who does not wait for it any more', async (t) => {
    const { kv } = opened(t)
    const first = await kv.lease('job')
    const controller = new AbortController()
    const waiting = rejectionOf(() => kv.lease('job', { wait: '30s', signal: controller.signal }))
    controller.abort(new Error('enough'))
    assert.equal((await waiting).message, 'enough')
    await first.release()
    assert.notEqual(await kv.lease('job'), null)
  })

  test('is given back by close() and await using', async () => {
    const [kv, store] = [new RedKV(), new RedKV()]
    kv.addStore('memory')
    store.addStore('memory')
    const lease = await kv.lease('job')
    await lease[Symbol.asyncDispose]()
    assert.notEqual(await kv.lease('job'), null)
    await kv.close()
    assert.equal((await rejectionOf(() => kv.lease('job'))).code, 'ERR_REDKV_CLOSED')
    await store.close()
  })

  test('is free for others once close() has resolved', async (t) => {
    const path = freshFile(t)
    const [kv, other] = [new RedKV(), new RedKV()]
    t.after(() => other.close())
    kv.addStore('sqlite', { path })
    other.addStore('sqlite', { path })
    const lease = await kv.lease('job')
    assert.equal(await other.lease('job'), null)
    await kv.close()
    assert.ok((await other.lease('job')).token > lease.token)
  })

  test('of a chain is that of its last store', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    const [front, back] = [kv.addStore('memory'), kv.addStore('memory', {}, { prefix: 'p:' })]
    await kv.lease('job')
    assert.equal(await back.lease('job'), null)
    assert.notEqual(await front.lease('job'), null)
  })

  test('of a chain in a chain is that of its last store', async (t) => {
    const [inner, outer] = [new RedKV(), new RedKV()]
    t.after(() => outer.close())
    inner.addStore('memory')
    outer.addStore('memory')
    outer.addChain(inner)
    await outer.lease('job')
    assert.equal(await inner.lease('job'), null)
  })
})

describe('what is no lease is refused', () => {
  for (const [field, name, options] of [
    ['name', '', undefined],
    ['name', 5, undefined],
    ['name', 'é'.repeat(129), undefined],
    ['name', 'a\0b', undefined],
    ['ttl', 'job', { ttl: 5 }],
    ['ttl', 'job', { ttl: '2d' }],
    ['ttl', 'job', { ttl: 'soon' }],
    ['wait', 'job', { wait: true }],
    ['wait', 'job', { wait: -1 }],
    ['signal', 'job', { signal: {} }],
    ['life', 'job', { life: 5 }],
  ]) {
    test(`by its argument: ${field} of ${inspect([name, options])}`, async (t) => {
      const { kv } = opened(t)
      const error = await rejectionOf(() => kv.lease(name, options))
      isArgumentError(error, field)
      assert.equal(error.operation, 'lease')
    })
  }

  test('where a store has none', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('memory', {}, { readOnly: true })
    const { code, store, operation } = await rejectionOf(() => kv.lease('job'))
    assert.deepEqual([code, store, operation], ['ERR_REDKV_UNSUPPORTED', 'memory', 'lease'])
  })

  test('where there is no store', async () => {
    assert.equal((await rejectionOf(() => new RedKV().lease('job'))).code, 'ERR_REDKV_NO_STORES')
  })
})

describe('a process with a lease', () => {
  test('ends by itself', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      const lease = await kv.lease('job', { ttl: '1h' })
      process.on('exit', () => console.log(lease))
    })
    assert.match(result.stdout, /^Lease\('job', \d+n, released\)\n$/)
  })

  test('is ended by a signal as if it had none', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.lease('job')
      setInterval(() => {}, 1000)
      console.log('held')
      process.kill(process.pid, 'SIGTERM')
    })
    assert.deepEqual([result.signal, result.stdout], ['SIGTERM', 'held\n'])
  })

  test('handles signals by itself, as before', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.lease('job')
      const busy = setInterval(() => {}, 1000)
      process.on('SIGINT', () => {
        console.log('own')
        clearInterval(busy)
      })
      process.kill(process.pid, 'SIGINT')
    })
    printed(result, 'own\n')
  })

  test('handles a signal once, by itself, as before', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      const busy = setInterval(() => {}, 1000)
      process.once('SIGTERM', () => {
        setTimeout(() => {
          console.log('own')
          clearInterval(busy)
        }, 200)
      })
      await kv.lease('job')
      process.kill(process.pid, 'SIGTERM')
    })
    printed(result, 'own\n')
  })

  test('is ended by a signal where two copies of the package hold leases', async () => {
    const result = await childOf(async (path) => {
      const copies = [RedKV]
      for (const file of Object.keys(require.cache)) if (!file.endsWith('.node')) delete require.cache[file]
      copies.push(require(path))
      for (const Copy of copies) {
        const kv = new Copy()
        kv.addStore('memory')
        await kv.lease('job')
      }
      setInterval(() => {}, 1000)
      console.log(copies[0] === copies[1], process.listenerCount('SIGTERM'))
      process.kill(process.pid, 'SIGTERM')
    }, root)
    assert.deepEqual([result.signal, result.stdout], ['SIGTERM', 'false 2\n'], result.stderr)
  })
})
