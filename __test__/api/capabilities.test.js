'use strict'

// The capabilities of a store.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { members } = require('../types/declared.js')

function added(t, ...args) {
  const kv = new RedKV()
  t.after(() => kv.close())
  return kv.addStore(...args)
}

test('a store in memory keeps anything, for this process alone', (t) => {
  assert.deepEqual(added(t, 'memory').capabilities, {
    expiry: 'onRead',
    expiryGranularity: 1,
    maxKeyBytes: Infinity,
    emptyKeys: true,
    maxValueBytes: Infinity,
    binaryValues: true,
    nulCharacters: true,
    ordered: true,
    writable: true,
    enumerable: true,
    clearable: true,
    shared: false,
    durable: false,
  })
})

test('the options of a store count', (t) => {
  const options = { path: freshFile(t) }
  assert.equal(added(t, 'sqlite', options).capabilities.expiry, 'none')
  assert.equal(added(t, 'sqlite', { ...options, expiresColumn: 'expires' }).capabilities.expiry, 'onRead')
})

test('the tier options of a store count', (t) => {
  assert.equal(added(t, 'memory', {}, { readOnly: true }).capabilities.writable, false)
  assert.equal(added(t, 'memory', {}, { hashKeys: true }).capabilities.enumerable, false)
  assert.equal(added(t, 'memory', {}, { maxValueBytes: 100 }).capabilities.maxValueBytes, 100)
})

test('a chain can do what its stores can do together', (t) => {
  const inner = new RedKV()
  inner.addStore('memory')
  inner.addStore('sqlite', { path: freshFile(t) })
  const kv = new RedKV()
  t.after(() => kv.close())
  assert.equal(kv.addChain(inner).capabilities.expiry, 'none')
})

test('they are frozen, always the same, and all documented', (t) => {
  const store = added(t, 'memory')
  assert.equal(store.capabilities, store.capabilities)
  assert.ok(Object.isFrozen(store.capabilities))
  assert.deepEqual(Object.keys(store.capabilities).sort(), members('Capabilities').map(({ name }) => name).sort())
})
