'use strict'

// Tier options that are layers around a store.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { rejectionOf } = require('../support/refused.js')

/** An instance with one store in the database at `path`. */
function opened(t, path, tierOptions) {
  const kv = new RedKV()
  t.after(() => kv.close())
  kv.addStore('sqlite', { path }, tierOptions)
  return kv
}

const text = 'so it goes, and so on; '.repeat(500)

describe('compress', () => {
  const ways = {
    plain: undefined,
    lz4: 'lz4',
    zstd: 'zstd',
    zstdOfAll: { algorithm: 'zstd', threshold: 0, level: 19 },
  }

  for (const [name, compress] of Object.entries(ways).filter(([, way]) => way !== undefined)) {
    test(`${name} reads what was written in every other way`, async (t) => {
      const path = freshFile(t)
      for (const [writer, way] of Object.entries(ways)) await opened(t, path, { compress: way }).set(writer, text)
      const kv = opened(t, path, { compress })
      assert.deepEqual(await kv.getMany(Object.keys(ways)), Object.values(ways).map(() => text))
    })

    test(`${name} makes the store smaller, and other programs see so`, async (t) => {
      const path = freshFile(t)
      await opened(t, path, { compress }).set('key', text)
      const kept = await opened(t, path).getBuffer('key')
      assert.ok(kept.length < text.length / 10)
      assert.deepEqual([...kept.subarray(0, 4)], [0xff, 0x52, 0x4b, 0x5a])
    })

    test(`${name} keeps bytes that look compressed, and those that do not shrink`, async (t) => {
      const path = freshFile(t)
      await opened(t, path, { compress }).set('key', text)
      const compressed = await opened(t, path).getBuffer('key')
      const kv = opened(t, path, { compress })
      const noise = Uint8Array.from({ length: 5000 }, (_, n) => (n * n * 40503) >> 7)
      for (const bytes of [compressed, compressed.subarray(0, 4), noise]) {
        await kv.set('bytes', bytes)
        assert.deepEqual(await kv.getBuffer('bytes'), Buffer.from(bytes))
      }
    })

    test(`${name} keeps a value of megabytes`, async (t) => {
      const kv = opened(t, freshFile(t), { compress })
      const large = text.repeat(400)
      await Promise.all([kv.set('large', large), kv.set('small', 'small')])
      assert.ok((await kv.get('large')) === large)
      assert.equal(await kv.get('small'), 'small')
    })
  }

  test('a damaged value rejects, and the others are read', async (t) => {
    const path = freshFile(t)
    const kv = opened(t, path, { compress: 'zstd' })
    await kv.setMany({ damaged: text, good: text })
    const kept = await opened(t, path).getBuffer('damaged')
    kept[kept.length - 1] ^= 1
    await opened(t, path).set('damaged', kept)
    const error = await rejectionOf(() => kv.get('damaged'))
    assert.ok(error instanceof RedKV.RedKVError)
    assert.deepEqual([error.code, error.store, error.operation], ['ERR_REDKV_VALUE', 'sqlite', 'get'])
    assert.equal(await kv.get('good'), text)
    await kv.set('damaged', 'mended')
    assert.equal(await kv.get('damaged'), 'mended')
  })

  test('a store in memory works as before', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('memory', { maxBytes: 50_000 }, { compress: 'lz4', ttl: '1m' })
    const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`)
    await kv.setMany(keys.map((key) => [key, text]))
    // Uncompressed, only four of them would fit.
    assert.deepEqual(await kv.getMany(keys), keys.map(() => text))
  })
})

describe('hashKeys', () => {
  test('keeps entries under hashes after the prefix', async (t) => {
    const path = freshFile(t)
    const kv = opened(t, path, { hashKeys: true, prefix: 'p:' })
    await kv.set('abc', 'value')
    await kv.set('', 'empty')
    const raw = opened(t, path)
    assert.equal(await raw.get('p:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0'), 'value')
    assert.equal(await raw.get('p:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'), 'empty')
    assert.equal(await raw.has('p:abc'), false)
  })
})

describe('readOnly', () => {
  const refused = (error, operation) => {
    assert.ok(error instanceof RedKV.RedKVError)
    const { code, field, store, outcome, retryable } = error
    assert.deepEqual(
      { code, field, store, operation: error.operation, outcome, retryable },
      { code: 'ERR_REDKV_UNSUPPORTED', field: 'readOnly', store: 'sqlite', operation, outcome: 'not-applied', retryable: false },
    )
  }

  test('fills the stores before it, and writes nothing anywhere', async (t) => {
    const path = freshFile(t)
    await opened(t, path).set('key', 'value')
    const kv = new RedKV()
    t.after(() => kv.close())
    const memory = kv.addStore('memory')
    const source = kv.addStore('sqlite', { path }, { readOnly: true })
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await memory.get('key'), 'value')
    refused(await rejectionOf(() => kv.set('key', 'new')), 'set')
    refused(await rejectionOf(() => kv.delete('key')), 'delete')
    refused(await rejectionOf(() => source.set('key', 'new')), 'set')
    refused((await rejectionOf(() => kv.setMany({ key: 'new', other: 'new' }))).errors.get('other'), 'set')
    refused((await rejectionOf(() => kv.deleteMany(['key']))).errors.get('key'), 'delete')
    assert.equal(await memory.get('key'), 'value')
    assert.equal(await source.get('key'), 'value')
    assert.equal(await kv.has('other'), false)
  })

  test('lets the stores before it be written one by one', async (t) => {
    const path = freshFile(t)
    const writer = opened(t, path)
    await writer.set('key', 'value')
    const kv = new RedKV()
    t.after(() => kv.close())
    const memory = kv.addStore('memory')
    kv.addStore('sqlite', { path }, { readOnly: true })
    assert.equal(await kv.get('key'), 'value')
    await writer.set('key', 'newer')
    assert.equal(await kv.get('key'), 'value')
    await memory.delete('key')
    assert.equal(await kv.get('key'), 'newer')
  })

  test('of several the first that has a key wins', async (t) => {
    const [over, under] = [freshFile(t), freshFile(t)]
    await opened(t, over).set('both', 'over')
    await opened(t, under).setMany({ both: 'under', one: 'under' })
    const kv = opened(t, over, { readOnly: true })
    kv.addStore('sqlite', { path: under }, { readOnly: true })
    assert.deepEqual(await kv.getMany(['both', 'one', 'none']), ['over', 'under', null])
    assert.equal(await opened(t, over).has('one'), false)
  })

  test('of a memory store refuses on the calling thread too', async (t) => {
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStore('memory', {}, { readOnly: true })
    assert.equal((await rejectionOf(() => kv.set('key', 'value'))).code, 'ERR_REDKV_UNSUPPORTED')
    assert.equal((await rejectionOf(() => kv.delete('key'))).code, 'ERR_REDKV_UNSUPPORTED')
    assert.equal(await kv.get('key'), null)
  })
})
