'use strict'

// An instance behind a Proxy, as containers for dependencies, mocks and reactive frameworks hand it out.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')
const { isArgumentError, thrownBy } = require('../support/refused.js')

/** A Proxy whose every object is one, as those of Vue are. */
function deep(object) {
  return new Proxy(object, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver)
      return typeof value === 'object' && value !== null ? deep(value) : value
    },
  })
}

for (const [way, wrap] of [['a Proxy', (kv) => new Proxy(kv, {})], ['a deep Proxy', deep], ['an object that inherits from it', Object.create]]) {
  test(`an instance works behind ${way}`, async () => {
    const kv = wrap(new RedKV())
    const store = wrap(kv.addStore('memory'))
    let told
    kv.on('tierDown', (event) => (told = event))
    kv.emit('tierDown', 'an event')
    assert.equal(told, 'an event')
    await kv.ready()
    await kv.setMany({ a: '1', b: '2' })
    assert.deepEqual(await store.getMany(['a', 'b']), ['1', '2'])
    assert.equal(await kv.get('a', { signal: new AbortController().signal }), '1')
    const keys = []
    for await (const key of kv.keys()) keys.push(key)
    assert.deepEqual(keys.sort(), ['a', 'b'])
    await store.clear()
    assert.equal(await kv.has('a'), false)
    assert.equal(kv.stats().stores[0].store, 'memory')
    assert.equal(inspect(kv), 'RedKV(memory)')
    const outer = new RedKV()
    outer.addChain(kv)
    assert.equal(await outer.get('a'), null)
    await outer.close()
  })
}

test('a store cannot be added as a chain, in a Proxy or not', () => {
  const kv = new RedKV()
  const store = kv.addStore('memory')
  isArgumentError(thrownBy(() => new RedKV().addChain(store)), 'chain')
  isArgumentError(thrownBy(() => new RedKV().addChain(new Proxy(store, {}))), 'chain')
})

test('nothing of what an instance keeps is listed', () => {
  const kv = new RedKV()
  const store = kv.addStore('memory')
  assert.deepEqual(Object.keys(store), ['name'])
  assert.deepEqual(JSON.parse(JSON.stringify(store)), { name: 'memory' })
  assert.doesNotMatch(inspect({ ...kv }, { depth: 9 }), /native|operations/)
})
