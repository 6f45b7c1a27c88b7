'use strict'

// What chains do with their stores. A case gets the chain, and its stores in their order.

const assert = require('node:assert/strict')
const { keepingCases } = require('./keeping.js')

const chaining = {
  async 'a value deleted in the first store is found behind it, and fills it again'(kv, first) {
    await kv.set('key', 'value')
    await first.delete('key')
    assert.equal(await first.get('key'), null)
    assert.equal(await kv.has('key'), true)
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await first.get('key'), 'value')
  },

  async 'a value that only the last store has fills all before it'(kv, ...stores) {
    await stores.at(-1).setMany({ a: '1', b: '2' })
    assert.deepEqual(await kv.getMany(['a', 'b', 'missing']), ['1', '2', null])
    assert.deepEqual(await Promise.all(stores.map((store) => store.getMany(['a', 'b']))), stores.map(() => ['1', '2']))
  },

  async 'a write reaches every store'(kv, ...stores) {
    await kv.set('key', 'value')
    assert.deepEqual(await Promise.all(stores.map((store) => store.get('key'))), stores.map(() => 'value'))
    await kv.delete('key')
    assert.deepEqual(await Promise.all(stores.map((store) => store.has('key'))), stores.map(() => false))
  },

  async 'the first store that has a key answers'(kv, first) {
    await kv.set('key', 'value')
    await first.set('key', 'value of the first')
    assert.equal(await kv.get('key'), 'value of the first')
  },
}

/** What each store keeps is tested for each store; of a chain, what its stores do together. */
const together = [
  'a value is there from its set to its delete',
  'many keys are answered together',
  'a value is gone after its ttl in milliseconds',
  'a ttl is refused, and nothing is written',
  'clear leaves nothing behind',
]

/** The cases that hold for a chain that can do this much: `[name, case]` each. */
function chainingCases(can) {
  return [...keepingCases(can).filter(([title]) => together.includes(title)), ...Object.entries(chaining)]
}

module.exports = { chainingCases }
