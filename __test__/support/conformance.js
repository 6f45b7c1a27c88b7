'use strict'

const { describe, test } = require('node:test')
const { callingCases } = require('./cases/calling.js')
const { chainingCases } = require('./cases/chaining.js')
const { keepingCases } = require('./cases/keeping.js')
const { abilities, open } = require('./stores.js')

/** Tests how the operations of a chain are called, and of the object that `addStore` returned for its first store. */
function testCalling(...names) {
  describe(`calling a chain of ${names.join(', ')}`, () => {
    for (const [title, run] of callingCases) {
      test(title, async (t) => {
        const [kv] = await open(t, ...names)
        await run(kv)
      })
    }
  })
  describe(`calling the first store of ${names.join(', ')}`, () => {
    for (const [title, run] of callingCases) {
      test(title, async (t) => {
        const [, store] = await open(t, ...names)
        await run(store)
      })
    }
  })
}

/** Tests what a store keeps, as a chain of one. */
function testStore(name) {
  describe(`a chain of ${name} alone`, () => {
    for (const [title, run] of keepingCases(abilities(name))) {
      test(title, async (t) => {
        const [kv] = await open(t, name)
        await run(kv)
      })
    }
  })
}

/** Tests what a store keeps, through the object that `addStore` returned. */
function testStoreObject(name) {
  describe(`the store object of ${name}`, () => {
    for (const [title, run] of keepingCases(abilities(name))) {
      test(title, async (t) => {
        const [, store] = await open(t, name)
        await run(store)
      })
    }
  })
}

/** Tests a chain of stores. */
function testChain(...names) {
  describe(`a chain of ${names.join(', ')}`, () => {
    for (const [title, run] of chainingCases(abilities(...names))) {
      test(title, async (t) => run(...(await open(t, ...names))))
    }
  })
}

module.exports = { testCalling, testChain, testStore, testStoreObject }
