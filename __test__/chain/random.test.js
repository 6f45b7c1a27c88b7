'use strict'

const { test } = require('node:test')
const { randomOperations } = require('../support/random.js')
const { open } = require('../support/stores.js')

for (const names of [['memory', 'memory'], ['memory', 'sqlite'], ['sqlite', 'memory'], ['memory', 'sqlite', 'sqlite']]) {
  test(`20,000 random operations on ${names.join(', ')} read what was last written`, async (t) => {
    await randomOperations(t, await open(t, ...names), 20_000)
  })
}
