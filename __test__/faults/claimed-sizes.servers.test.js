'use strict'

// Servers and stored values that say that they are large.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { privateRedis } = require('../support/servers/redis-server.js')

function store(t, options, tierOptions) {
  const kv = new RedKV()
  kv.addStore('redis', options, tierOptions)
  t.after(() => kv.close())
  return kv
}

describe('values of a few bytes that claim to be large', () => {
  test('take no more memory than maxValueBytes, all together, and others are read', async (t) => {
    const server = await privateRedis(t)
    const raw = store(t, server.options)
    const writer = store(t, server.options, { compress: 'zstd' })
    await writer.set('bomb', new Uint8Array(60e6))
    const bomb = await raw.getBuffer('bomb')
    const bombs = Array.from({ length: 8 }, (_, n) => `bomb-${n}`)
    await raw.setMany([...bombs.map((key) => [key, bomb]), ['small', 'value']])
    const most = 64 << 20
    const reader = store(t, server.options, { compress: 'zstd', maxValueBytes: most })
    const settled = await Promise.allSettled([...bombs.map((key) => reader.getBuffer(key)), reader.get('small')])
    const bytes = settled.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    assert.ok(bytes <= most, `${bytes} bytes`)
    assert.equal(settled.at(-1).value, 'value')
    const refused = settled.filter(({ reason }) => reason).map(({ reason }) => [reason.code, reason.retryable])
    assert.deepEqual(refused, Array(7).fill(['ERR_REDKV_OVERLOAD', true]))
    assert.equal((await reader.getBuffer('bomb-1')).length, 60e6)
  })

  test('are refused one by one where each is too large', async (t) => {
    const server = await privateRedis(t)
    const writer = store(t, server.options, { compress: 'lz4' })
    await writer.setMany([['large', 'x'.repeat(2_000_000)], ['small', 'value']])
    const reader = store(t, server.options, { compress: 'lz4', maxValueBytes: 1_000_000 })
    const [large, small] = await Promise.allSettled([reader.get('large'), reader.get('small')])
    assert.equal(large.reason.code, 'ERR_REDKV_VALUE')
    assert.equal(small.value, 'value')
    await assert.rejects(reader.set('key', 'x'.repeat(1_000_001)), { code: 'ERR_REDKV_ARGUMENT' })
  })
})
