'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer } = require('node:net')
const { describe, test } = require('node:test')
const { setImmediate } = require('node:timers/promises')
const RedKV = require('../..')
const { child } = require('../support/child.js')
const { freshFile } = require('../support/fresh.js')
const { open } = require('../support/stores.js')

describe('close()', () => {
  for (const names of [['memory'], ['sqlite'], ['memory', 'sqlite'], ['sqlite', 'memory']]) {
    test(`of ${names.join(', ')} lets finish what was called before, in the same turn and in earlier ones`, async (t) => {
      const [kv] = await open(t, ...names)
      const keys = Array.from({ length: 500 }, (_, index) => `key-${index}`)
      let finished = 0
      const finish = () => (finished += 1)
      keys.forEach((key) => kv.set(key, 'value').then(finish))
      await setImmediate()
      kv.set('last', 'value').then(finish)
      const reads = [kv.get('key-499'), kv.getMany(keys), kv.hasMany(['last'])]
      await kv.close()
      assert.equal(finished, 501)
      assert.deepEqual(await Promise.all(reads), ['value', keys.map(() => 'value'), [true]])
    })
  }

  test('keeps what was written', async (t) => {
    const path = freshFile(t)
    const first = new RedKV()
    first.addStore('sqlite', { path })
    first.set('key', 'value')
    await first.close()
    const second = new RedKV()
    t.after(() => second.close())
    second.addStore('sqlite', { path })
    assert.equal(await second.get('key'), 'value')
  })

  test('may be called again, at once and later', async (t) => {
    const [kv] = await open(t, 'memory', 'sqlite')
    kv.set('key', 'value')
    assert.deepEqual(await Promise.all([kv.close(), kv.close(), kv.close()]), [undefined, undefined, undefined])
    assert.equal(await kv.close(), undefined)
  })

  test('of an instance without stores resolves', async () => {
    assert.equal(await new RedKV().close(), undefined)
  })

  test('at once after addStore resolves', async (t) => {
    const kv = new RedKV()
    kv.addStore('sqlite', { path: freshFile(t) })
    assert.equal(await kv.close(), undefined)
  })

  test('resolves although a store cannot be reached, and its operations are rejected before', async () => {
    const kv = new RedKV()
    kv.addStore('sqlite', { path: '/missing/folder/of/redkv/file' })
    const read = assert.rejects(kv.get('key'), { store: 'sqlite' })
    await kv.close()
    await read
  })

  test('leaves other instances alone', async (t) => {
    const [kept] = await open(t, 'memory', 'sqlite')
    const [closed] = await open(t, 'memory', 'sqlite')
    await Promise.all([kept.set('key', 'value'), closed.set('key', 'value')])
    const reads = Promise.all([kept.getMany(['key', 'missing']), closed.close()])
    assert.deepEqual((await reads)[0], ['value', null])
    assert.equal(await kept.get('key'), 'value')
  })

  test('makes no memory hits any more', async (t) => {
    const [kv, memory] = await open(t, 'memory')
    await kv.set('key', 'value')
    kv.close()
    await assert.rejects(kv.get('key'), { code: 'ERR_REDKV_CLOSED' })
    await assert.rejects(memory.get('key'), { code: 'ERR_REDKV_CLOSED' })
    assert.throws(() => kv.addStore('memory'), { code: 'ERR_REDKV_CLOSED' })
  })
})

/** An instance whose store never answers, and the operations of `begin` on it, each with what becomes of it. */
async function unanswered(t, begin) {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const kv = new RedKV()
  kv.addStore('redis', { port: server.address().port, connectTimeout: '1m' }, { timeout: '1m' })
  const told = []
  begin(kv).forEach((operation) => operation.catch((error) => told.push(error)))
  await setImmediate()
  return { kv, told }
}

describe('thousands of cancelled operations', () => {
  const begin = (kv) => Array.from({ length: 20_000 }, (_, index) => kv.get(`key-${index}`))

  test('are rejected after close() has resolved, over many turns of the event loop', async (t) => {
    const { kv, told } = await unanswered(t, begin)
    await kv.close({ timeout: 1 })
    assert.ok(told.length < 20_000, 'close() comes before the last of them')
    let turns = 0
    for (; told.length < 20_000; turns += 1) await setImmediate()
    assert.ok(turns > 4, `${turns} turns`)
    assert.deepEqual(new Set(told.map(({ code }) => code)), new Set(['ERR_REDKV_CLOSED']))
  })

  test('have an error each, with the operation', async (t) => {
    const { kv, told } = await unanswered(t, begin)
    await kv.close({ timeout: 1 })
    while (told.length < 20_000) await setImmediate()
    assert.equal(new Set(told).size, 20_000)
    assert.ok(told.every(({ operation, outcome }) => operation === 'get' && outcome === 'not-applied'))
  })

  test('keep no other instance waiting', async (t) => {
    const { kv, told } = await unanswered(t, begin)
    const [other] = await open(t, 'sqlite')
    await other.set('key', 'value')
    await kv.close({ timeout: 1 })
    assert.equal(await other.get('key'), 'value')
    assert.ok(told.length < 20_000)
  })

  test('keep the process until all are rejected', async () => {
    const { code, stdout } = await child(`(async () => {
      const kv = new RedKV()
      kv.addStore('file', { path: '/missing/folder/of/redkv/file' }, { circuitBreaker: false })
      let failed = 0
      for (let n = 0; n < 20_000; n++) kv.get(n).catch(() => (failed += 1))
      kv.close({ timeout: 1 })
      process.on('exit', () => console.log(failed))
    })()`)
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '20000\n' })
  })
})

test('Symbol.asyncDispose closes', async (t) => {
  const [kv] = await open(t, 'memory')
  assert.equal(await kv[Symbol.asyncDispose](), undefined)
  await assert.rejects(kv.get('key'), { code: 'ERR_REDKV_CLOSED' })
})

/** Whether this Node.js knows `await using`. */
function knowsUsing() {
  try {
    new Function('return async () => { await using x = null }')
    return true
  } catch {
    return false
  }
}

// Older versions cannot even read the script.
if (knowsUsing()) {
  test('await using closes at the end of the block', async () => {
    const { code, stdout } = await child(`(async () => {
      let kept
      {
        await using kv = new RedKV()
        kv.addStore('memory')
        await kv.set('key', 'value')
        kept = kv
      }
      console.log(await kept.get('key').catch((error) => error.code))
    })()`)
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'ERR_REDKV_CLOSED\n' })
  })
}
