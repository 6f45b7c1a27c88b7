'use strict'

// The plain values of data structures as a store of a chain.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

const { Structures } = RedKV

/** Data structures, and an instance without stores. */
function opened(t, policy) {
  const db = new Structures('memory', {}, policy)
  const kv = new RedKV()
  t.after(() => Promise.all([kv.close(), db.close()]))
  return { db, kv }
}

describe('data structures in a chain', () => {
  test('hold its values, which both read and write', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    await kv.set('k', 'v')
    assert.equal(await db.get('k'), 'v')
    await db.incrBy('n', 5n)
    assert.equal(await kv.get('n'), '5')
    assert.equal(await kv.delete('k'), undefined)
    assert.equal(await db.has('k'), false)
    assert.deepEqual(await kv.getMany(['k', 'n']), [null, '5'])
    assert.deepEqual(await kv.hasMany(['k', 'n']), [false, true])
  })

  test('may be its authority, behind a cache that is filled', async (t) => {
    const { db, kv } = opened(t)
    const memory = kv.addStore('memory')
    kv.addStructures(db)
    await db.set('k', 'v')
    assert.equal(await kv.get('k'), 'v')
    assert.equal(await memory.get('k'), 'v')
    await kv.set('l', 'w')
    assert.deepEqual([await memory.get('l'), await db.get('l')], ['w', 'w'])
  })

  test('may be a cache in front, with the options of a tier', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db, { optional: true, prefix: 'cache:' })
    const authority = kv.addStore('sqlite', { path: ':memory:' })
    await kv.set('k', 'v')
    assert.deepEqual([await db.get('cache:k'), await authority.get('k')], ['v', 'v'])
    await db.delete('cache:k')
    assert.equal(await kv.get('k'), 'v')
    assert.equal(await db.get('cache:k'), 'v')
  })

  test('keep nothing that ends: a ttl is refused', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    const { code } = await rejectionOf(() => kv.set('k', 'v', { ttl: '1h' }))
    assert.match(code, /^ERR_REDKV_(ARGUMENT|UNSUPPORTED)$/)
    assert.equal(await db.has('k'), false)
  })

  test('reject the keys of another kind, and replace them when they are written', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    await db.sAdd('k', 'm')
    assert.equal((await rejectionOf(() => kv.get('k'))).code, 'ERR_REDKV_TYPE')
    await kv.set('k', 'v')
    assert.equal(await db.get('k'), 'v')
  })

  test('have their prefix there too', async (t) => {
    const { db, kv } = opened(t, { prefix: 'app:' })
    kv.addStructures(db)
    await kv.set('k', 'v')
    assert.equal(await db.get('k'), 'v')
  })

  test('belong to one chain', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    const other = new RedKV()
    t.after(() => other.close())
    assert.equal(thrownBy(() => other.addStructures(db)).code, 'ERR_REDKV_ARGUMENT')
    assert.equal(thrownBy(() => kv.addStructures(db)).code, 'ERR_REDKV_ARGUMENT')
  })

  test('are closed with it', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    await kv.set('k', 'v')
    await kv.close()
    assert.equal((await rejectionOf(() => db.get('k'))).code, 'ERR_REDKV_CLOSED')
  })

  test('that are closed fail in the chain', async (t) => {
    const { db, kv } = opened(t)
    kv.addStructures(db)
    await kv.set('k', 'v')
    await db.close()
    const { code } = await rejectionOf(() => kv.get('k'))
    assert.equal(code, 'ERR_REDKV_CLOSED')
  })
})

describe('what is no Structures is refused', () => {
  for (const [name, given] of [['undefined', undefined], ['null', null], ['a name', 'memory'], ['an object', {}], ['a RedKV', new RedKV()]]) {
    test(`by addStructures: ${name}`, (t) => {
      const error = thrownBy(() => opened(t).kv.addStructures(given))
      isArgumentError(error, 'db')
      assert.equal(error.operation, 'addStructures')
      assert.match(error.stack.split('\n')[1], /chains\.test\.js/)
    })
  }

  test('and a Structures by addStore and addChain, which say what takes it', (t) => {
    const { db, kv } = opened(t)
    assert.match(thrownBy(() => kv.addStore(db)).message, /addStructures\(\) for a Structures/)
    assert.match(thrownBy(() => kv.addChain(db)).message, /use addStructures\(\) for a Structures/)
    assert.match(thrownBy(() => kv.addStructures(new RedKV())).message, /use addChain\(\) for a RedKV/)
  })
})
