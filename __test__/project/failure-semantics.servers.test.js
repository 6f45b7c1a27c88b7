'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { root } = require('../support/child.js')
const { place, tables } = require('../support/documents/failure-table.js')

test('docs/failure-semantics.md says what is seen when a Redis fails (npm run docs:failures writes it)', async (t) => {
  const document = readFileSync(join(root, 'docs', 'failure-semantics.md'), 'utf8')
  for (const [name, played] of Object.entries(await tables(t))) {
    assert.deepEqual(place(name).exec(document)?.[0].split('\n'), played.split('\n'), name)
  }
})
