'use strict'

// Values in memory that is shared, grows, or is gone, and values that are longer than a string.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

async function opened() {
  const kv = new RedKV()
  kv.addStore('memory')
  await kv.set('k', '1')
  return kv
}

describe('the bytes of a value', () => {
  test('are those at the time of the call', async () => {
    const kv = await opened()
    const bytes = Buffer.from('before')
    const writing = kv.set('k', bytes)
    bytes.fill('x')
    await writing
    assert.equal(await kv.get('k'), 'before')
  })

  test('may lie in memory that is shared or that changes its size', async () => {
    const kv = await opened()
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(65)
    await kv.set('k', shared)
    assert.equal(await kv.get('k'), 'AAAA')
    const resizable = new ArrayBuffer(8, { maxByteLength: 16 })
    const bytes = new Uint8Array(resizable).fill(66)
    resizable.resize(4)
    await kv.set('k', bytes)
    assert.equal(await kv.get('k'), 'BBBB')
  })

  test('are refused when they were transferred elsewhere, instead of written as none', async () => {
    const kv = await opened()
    const bytes = new Uint8Array(4)
    structuredClone(bytes, { transfer: [bytes.buffer] })
    isArgumentError(await rejectionOf(() => kv.set('k', bytes)), 'value')
    assert.equal(await kv.get('k'), '1')
    await kv.set('k', new Uint8Array(0))
    assert.equal(await kv.get('k'), '')
  })
})

test('a value that is longer than a string can be is read as bytes', async () => {
  const kv = new RedKV()
  kv.addStore('memory')
  await kv.set('key', Buffer.alloc(2 ** 29, 'a'))
  assert.equal((await rejectionOf(() => kv.get('key'))).code, 'ERR_REDKV_VALUE')
  assert.equal((await kv.getBuffer('key')).length, 2 ** 29)
})
