'use strict'

// Every error says whether the write that failed may have been made.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { rejectionOf } = require('../support/refused.js')

function instance(t) {
  const kv = new RedKV()
  t.after(() => kv.close())
  return kv
}

/** A Redis that was there and hangs. */
async function hanging(t, kv, tierOptions) {
  const server = await privateRedis(t)
  const store = kv.addStore('redis', server.options, { connectTimeout: '5s', ...tierOptions })
  await store.ready()
  server.pause()
  return server
}

describe('the outcome of a write', () => {
  test('is unknown when it was sent and not answered', async (t) => {
    const kv = instance(t)
    await hanging(t, kv, { timeout: 100 })
    const [set, remove] = await Promise.all([rejectionOf(() => kv.set('a', '1')), rejectionOf(() => kv.delete('b'))])
    assert.deepEqual([set.code, set.outcome], ['ERR_REDKV_TIMEOUT', 'unknown'])
    assert.deepEqual([remove.code, remove.outcome], ['ERR_REDKV_TIMEOUT', 'unknown'])
  })

  test('is unknown when a later store has made it and an earlier one has not', async (t) => {
    const kv = instance(t)
    await hanging(t, kv, { timeout: 100 })
    const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
    const error = await rejectionOf(() => kv.set('key', 'value'))
    assert.deepEqual([error.store, error.outcome], ['redis', 'unknown'])
    assert.equal(await sqlite.get('key'), 'value')
  })

  test('of many is unknown when that of one is', async (t) => {
    const kv = instance(t)
    await hanging(t, kv, { timeout: 100 })
    const error = await rejectionOf(() => kv.setMany({ a: '1', b: '2' }))
    assert.deepEqual([error.code, error.outcome], ['ERR_REDKV_PARTIAL', 'unknown'])
    assert.deepEqual([...error.errors.values()].map(({ outcome }) => outcome), ['unknown', 'unknown'])
  })

  test('is that nothing was applied when no store was reached, or none was asked', async (t) => {
    const kv = instance(t)
    kv.addStore('redis', { host: '127.0.0.1', port: 9 })
    const reasons = [
      await rejectionOf(() => kv.set('key', 'value')),
      await rejectionOf(() => kv.set('key', 'value', { ttl: 0 })),
      await rejectionOf(() => kv.setMany({ a: '1', b: '2' })),
      await kv.close().then(() => rejectionOf(() => kv.set('key', 'value'))),
    ]
    const outcomes = reasons.map(({ code, outcome }) => [code, outcome])
    assert.deepEqual(outcomes, [
      ['ERR_REDKV_CONNECTION', 'not-applied'],
      ['ERR_REDKV_ARGUMENT', 'not-applied'],
      ['ERR_REDKV_PARTIAL', 'not-applied'],
      ['ERR_REDKV_CLOSED', 'not-applied'],
    ])
  })
})

test('a read that got no answer applied nothing', async (t) => {
  const kv = instance(t)
  await hanging(t, kv, { timeout: 100 })
  const errors = await Promise.all([rejectionOf(() => kv.get('key')), rejectionOf(() => kv.hasMany(['key']))])
  assert.deepEqual(errors.map(({ outcome }) => outcome), ['not-applied', 'not-applied'])
})
