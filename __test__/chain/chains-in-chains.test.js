'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { keepingCases } = require('../support/cases/keeping.js')
const { abilities, open } = require('../support/stores.js')

/** A chain of memory before a chain of memory and `names`. */
async function nested(t, ...names) {
  const [inner, ...stores] = await open(t, 'memory', ...names)
  const outer = new RedKV()
  t.after(() => outer.close())
  const near = outer.addStore('memory')
  const chain = outer.addChain(inner)
  return { outer, inner, near, chain, stores }
}

for (const name of ['sqlite', 'sqliteThatExpires']) {
  describe(`a chain that ends in a chain with ${name}`, () => {
    for (const [title, run] of keepingCases(abilities('memory', name))) {
      test(title, async (t) => run((await nested(t, name)).outer))
    }
  })
  describe(`a chain in a chain with ${name}, through its store object`, () => {
    for (const [title, run] of keepingCases(abilities('memory', name))) {
      test(title, async (t) => run((await nested(t, name)).chain))
    }
  })
}

test('a write reaches every store of both chains, and a read fills them on its way back', async (t) => {
  const { outer, near, chain, stores } = await nested(t, 'sqlite')
  await outer.ready()
  await outer.set('key', 'value')
  for (const store of [near, chain, ...stores]) assert.equal(await store.get('key'), 'value')
  await near.delete('key')
  await stores[0].delete('key')
  assert.equal(await outer.get('key'), 'value')
  for (const store of [near, stores[0]]) assert.equal(await store.get('key'), 'value')
})

test('a chain may stand before others', async (t) => {
  const [inner] = await open(t, 'memory', 'sqlite')
  const outer = new RedKV()
  t.after(() => outer.close())
  outer.addChain(inner, { optional: true })
  const last = outer.addStore('sqlite', { path: ':memory:' })
  await last.set('key', 'value')
  assert.equal(await outer.get('key'), 'value')
  assert.equal(await inner.get('key'), 'value')
  await outer.delete('key')
  assert.equal(await inner.get('key'), null)
})

test('its name is chain, and what fails in it names the store', async (t) => {
  const inner = new RedKV()
  inner.addStore('redis', { port: 1 })
  const outer = new RedKV()
  t.after(() => outer.close())
  const chain = outer.addChain(inner)
  assert.equal(chain.name, 'chain')
  await assert.rejects(outer.get('key'), { code: 'ERR_REDKV_CONNECTION', store: 'redis' })
  await assert.rejects(outer.ready(), { store: 'redis' })
})

test('tier options hold for the chain as for a store', async (t) => {
  const [inner] = await open(t, 'memory')
  const outer = new RedKV()
  t.after(() => outer.close())
  outer.addChain(inner, { prefix: 'p:' })
  await outer.set('key', 'value')
  assert.equal(await inner.get('p:key'), 'value')
})

test('a chain belongs to one other, takes no more stores then, and is closed with it', async () => {
  const refused = (run, message) => assert.throws(run, { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', message })
  const inner = new RedKV()
  const outer = new RedKV()
  refused(() => outer.addChain(inner), /has no store yet/)
  refused(() => outer.addChain(outer), /store of itself/)
  inner.addStore('memory')
  refused(() => outer.addChain(inner, { host: 'localhost' }), /unknown option 'host'/)
  refused(() => outer.addChain(inner, { ttll: '1m' }), /unknown option 'ttll'/)
  outer.addChain(inner)
  refused(() => inner.addStore('memory'), /takes no more stores/)
  refused(() => inner.addChain(outer), /takes no more stores/)
  refused(() => new RedKV().addChain(inner), /store of another chain already/)
  await outer.close()
  await assert.rejects(inner.get('key'), { code: 'ERR_REDKV_CLOSED' })
})

test('addStore refuses a chain, and says what to call', () => {
  const message = 'name must be the name of a store: use addChain() for a chain, addStructures() for a Structures'
  const error = { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'name', operation: 'addStore', message }
  assert.throws(() => new RedKV().addStore(new RedKV()), error)
})

test('an error of addChain names the argument and the operation', async () => {
  const closed = new RedKV()
  const inner = new RedKV()
  inner.addStore('memory')
  await closed.close()
  assert.throws(() => closed.addChain(inner), { code: 'ERR_REDKV_CLOSED', operation: 'addChain' })
  assert.throws(() => inner.addChain(inner), { code: 'ERR_REDKV_ARGUMENT', field: 'chain', operation: 'addChain' })
  assert.throws(() => new RedKV().addChain(inner, { ttll: '1m' }), { field: 'ttll', operation: 'addChain' })
})

test('what is no name is refused by addStore, and what is no chain by addChain', () => {
  const kv = new RedKV()
  kv.addStore('memory')
  for (const name of [1, 2, {}, null, undefined, Symbol('memory'), Object.create(RedKV.prototype), kv.addStore('memory')]) {
    assert.throws(() => new RedKV().addStore(name), { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'name' })
    assert.throws(() => new RedKV().addChain(name), { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'chain' })
  }
})
