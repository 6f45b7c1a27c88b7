'use strict'

// The properties of an error: one name of its store, and whether anything can have changed.

const assert = require('node:assert/strict')
const net = require('node:net')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')

describe('a store that was added by another name of it', () => {
  for (const [alias, name] of [['mariadb', 'mysql'], ['MariaDB', 'mysql'], ['postgresql', 'postgres']]) {
    test(`is ${name} everywhere, not ${alias}`, async (t) => {
      const kv = new RedKV()
      t.after(() => kv.close({ timeout: 1 }))
      const failed = once(kv, 'tierError')
      const options = { host: '127.0.0.1', port: 1, database: 'd', tableName: 't', keyColumn: 'k', valueColumn: 'v' }
      const store = kv.addStore(alias, options)
      kv.addStore('memory')
      await kv.get('key')
      const [event] = await failed
      const error = await store.get('key').catch((error) => error)
      const names = [store.name, event.store, event.error.store, error.store, kv.stats().stores[0].store]
      assert.deepEqual(names, [name, name, name, name, name])
      assert.equal(inspect(store), `Store(${name})`)
      assert.equal(inspect(kv), `RedKV(${name} > memory)`)
    })
  }
})

/** A Redis that greets, and answers nothing else. */
async function silentServer(t) {
  const greeting = /^(HELLO|AUTH|SELECT|CLIENT|CONFIG|PING|INFO|READONLY|ROLE)$/i
  const sockets = new Set()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const commands = data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)
      for (const [, command] of commands) if (greeting.test(command)) socket.write('+OK\r\n')
    })
  })
  t.after(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

describe('without an answer', () => {
  const reads = {
    get: (kv) => kv.get('k'),
    getBuffer: (kv) => kv.getBuffer('k'),
    has: (kv) => kv.has('k'),
    getMany: (kv) => kv.getMany(['k', 'l']),
    hasMany: (kv) => kv.hasMany(['k', 'l']),
    keys: (kv) => kv.keys().next(),
  }
  const writes = {
    set: (kv) => kv.set('k', 'v'),
    delete: (kv) => kv.delete('k'),
    setMany: (kv) => kv.setMany({ k: '1', l: '2' }),
    deleteMany: (kv) => kv.deleteMany(['k', 'l']),
  }
  for (const [expected, calls] of [['not-applied', reads], ['unknown', writes]]) {
    for (const [name, call] of Object.entries(calls)) {
      test(`${name} is ${expected}`, async (t) => {
        const kv = new RedKV()
        kv.addStore('redis', { host: '127.0.0.1', port: await silentServer(t) }, { timeout: 100 })
        t.after(() => kv.close({ timeout: 1 }))
        const error = await call(kv).catch((error) => error)
        assert.match(error.code, /^ERR_REDKV_(TIMEOUT|PARTIAL)$/)
        assert.equal(error.outcome, expected)
      })
    }
  }
})

describe('an operation that was taken from its RedKV', () => {
  test('rejects and says how it is called', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('memory')
    const { get, setMany } = kv
    for (const call of [() => get('a'), () => setMany({ a: 1 })]) {
      await assert.rejects(call, { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'this', message: /called without its object: write kv\./ })
    }
  })
})
