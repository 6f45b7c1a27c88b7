'use strict'

const { describe, test } = require('node:test')
const { backends, open } = require('./backends.js')
const { atomicCases } = require('./cases/atomic.js')
const { batchCases } = require('./cases/batches.js')
const { kindCases } = require('./cases/kinds.js')
const { lexCases } = require('./cases/lex.js')
const { plainCases } = require('./cases/plain.js')
const { sortedCases } = require('./cases/sorted.js')

/** Tests that a backend answers as all do, from the calling side. */
function testBackend(name) {
  const abilities = backends[name]
  const lists = {
    'values, sets and hashes': plainCases(abilities),
    'sorted sets and sorted hashes': sortedCases(abilities),
    'members by their bytes': lexCases,
    'kinds of one key': kindCases(abilities),
    batches: batchCases,
    'atomic writes': atomicCases(abilities),
  }
  for (const [what, cases] of Object.entries(lists)) {
    describe(`${name}: ${what}`, () => {
      for (const [title, run] of cases) test(title, async (t) => run(await open(t, name)))
    })
  }
}

module.exports = { testBackend }
