'use strict'

const { describe, test } = require('node:test')
const { casesFor, chainCases } = require('./cases.js')
const { abilities, open } = require('./stores.js')

/** Tests one store, as a chain of one and through the object that `addStore` returned. */
function testStore(name) {
  describe(`a chain of ${name} alone`, () => {
    for (const [title, run] of casesFor(abilities(name))) {
      test(title, async (t) => {
        const [kv] = await open(t, name)
        await run(kv)
      })
    }
  })
  describe(`the store object of ${name}`, () => {
    for (const [title, run] of casesFor(abilities(name))) {
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
    for (const [title, run] of [...casesFor(abilities(...names)), ...chainCases]) {
      test(title, async (t) => run(...(await open(t, ...names))))
    }
  })
}

module.exports = { testChain, testStore }
