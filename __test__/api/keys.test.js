'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer } = require('node:net')
const { test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { open } = require('../support/stores.js')

async function first(keys) {
  const { value } = await keys.next()
  return value
}

test('options of keys() that are wrong are refused at once, by their names', () => {
  const kv = new RedKV()
  kv.addStore('memory')
  const refused = (options, field) =>
    assert.throws(() => kv.keys(options), { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field })
  refused({ prefix: 1 }, 'prefix')
  refused({ prefix: null }, 'prefix')
  refused({ prefx: 'a' }, 'prefx')
  refused({ signal: 1 }, 'signal')
  refused('prefix', 'options')
  refused(null, 'options')
})

test('a prefix with a lone surrogate is refused', async () => {
  const kv = new RedKV()
  kv.addStore('memory')
  await assert.rejects(first(kv.keys({ prefix: '\ud800' })), { name: 'TypeError', field: 'prefix', operation: 'keys' })
})

test('without stores there are no keys, and nothing to clear', async () => {
  const kv = new RedKV()
  await assert.rejects(first(kv.keys()), { code: 'ERR_REDKV_NO_STORES', operation: 'keys' })
  assert.equal(await kv.clear(), undefined)
})

test('after close() keys and clear are refused', async () => {
  const kv = new RedKV()
  const store = kv.addStore('memory')
  await kv.close()
  await assert.rejects(first(kv.keys()), { code: 'ERR_REDKV_CLOSED' })
  await assert.rejects(kv.clear(), { code: 'ERR_REDKV_CLOSED' })
  await assert.rejects(store.clear(), { code: 'ERR_REDKV_CLOSED' })
})

test('a signal ends the telling of keys and the waiting for clear', async (t) => {
  const [kv] = await open(t, 'memory', 'sqlite')
  await kv.setMany(Array.from({ length: 3_000 }, (_, n) => [`key-${n}`, 'value']))
  const controller = new AbortController()
  const keys = kv.keys({ signal: controller.signal })
  assert.match(await first(keys), /^key-/)
  const clear = kv.clear({ signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(clear, { code: 'ERR_REDKV_ABORTED', outcome: 'unknown' })
  await assert.rejects(async () => {
    for await (const _ of keys);
  }, { message: 'enough' })
  await assert.rejects(kv.clear({ signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
})

test('clear() of one store leaves the others alone', async (t) => {
  const [kv, memory, sqlite] = await open(t, 'memory', 'sqlite')
  await kv.set('key', 'value')
  await memory.clear()
  assert.equal(await memory.get('key'), null)
  assert.equal(await sqlite.get('key'), 'value')
})

test('a prefix of a tier limits what it lists and clears', async (t) => {
  const path = freshFile(t)
  const [whole, part] = [new RedKV(), new RedKV()]
  t.after(() => Promise.all([whole.close(), part.close()]))
  whole.addStore('sqlite', { path })
  part.addStore('sqlite', { path }, { prefix: 'p:' })
  await part.set('a', 'value')
  await whole.set('b', 'value')
  const keys = []
  for await (const key of part.keys()) keys.push(key)
  assert.deepEqual(keys, ['a'])
  await part.clear()
  assert.deepEqual(await whole.getMany(['p:a', 'b']), [null, 'value'])
})

/** A Redis that answers every SCAN with `page`, or with what it returns. Resolves with its port. */
async function scanning(t, page) {
  const next = typeof page === 'function' ? page : () => page
  const server = createServer((socket) => {
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (data) => {
      for (const [, command] of data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        if (command === 'SCAN') socket.write(next())
        else socket.write(/^(DEL|UNLINK)$/.test(command) ? ':1\r\n' : '+OK\r\n')
      }
    })
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

const circles = {
  'without a key': '*2\r\n$1\r\n7\r\n*0\r\n',
  'with the same key': '*2\r\n$1\r\n7\r\n*1\r\n$1\r\nk\r\n',
}

for (const [how, page] of Object.entries(circles)) {
  test(`a listing that returns to an earlier cursor ${how} fails`, async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('redis', { port: await scanning(t, page) })
    const endless = (operation) => ({ code: 'ERR_REDKV_STORE', operation, retryable: true, message: /circle/ })
    await assert.rejects(async () => {
      for await (const key of kv.keys()) assert.equal(key, 'k')
    }, endless('keys'))
    await assert.rejects(kv.clear(), endless('clear'))
  })
}

test('a clear() that is aborted deletes no further, however many keys the store lists', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  let pages = 0
  const page = () => {
    pages += 1
    const [cursor, key] = [String(pages), `p:${pages}`]
    return `*2\r\n$${cursor.length}\r\n${cursor}\r\n*1\r\n$${key.length}\r\n${key}\r\n`
  }
  kv.addStore('redis', { port: await scanning(t, page) })
  const controller = new AbortController()
  const clear = kv.clear({ signal: controller.signal })
  while (pages < 20) await new Promise(setImmediate)
  controller.abort()
  await assert.rejects(clear, { code: 'ERR_REDKV_ABORTED', outcome: 'unknown' })
  // One page may be on its way.
  const limit = pages + 2
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.ok(pages <= limit, `${pages} pages, ${limit} were due`)
})

test('methods that were taken from their object say how they are called', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  const store = kv.addStore('memory')
  const lost = (name) => ({ name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'this', operation: name })
  for (const object of [kv, store]) {
    for (const name of ['ready', 'flush', 'clear']) await assert.rejects((0, object[name])(), lost(name))
    for (const name of ['keys', 'stats']) assert.throws(() => (0, object[name])(), lost(name))
  }
  await assert.rejects((0, kv.close)(), lost('close'))
  assert.throws(() => (0, kv.addStore)('memory'), lost('addStore'))
})
