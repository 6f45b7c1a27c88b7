'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, it } = require('node:test')
const { inspect } = require('node:util')
const { RedKV, Structures } = require('../../index.js')

/** Data structures with a cache in front of them, and what counts the reads that the cache did not answer. */
function made(t, options) {
  const db = new Structures('memory')
  t.after(() => db.close())
  const cached = db.cached(options)
  const misses = async (work) => {
    const before = cached.stats().cache.misses
    await work()
    return cached.stats().cache.misses - before
  }
  return { db, cached, misses }
}

describe('what a cache answers', () => {
  it('reads once what is read again', async (t) => {
    const { cached, misses } = made(t)
    await cached.set('key', 'value')
    await cached.hSet('hash', { a: 1, b: 2 })
    const read = async () => {
      assert.equal(await cached.get('key'), 'value')
      assert.equal(await cached.get('missing'), null)
      assert.deepEqual({ ...(await cached.hGetAll('hash')) }, { a: '1', b: '2' })
    }
    assert.equal(await misses(read), 3)
    assert.equal(await misses(read), 0)
    assert.equal(await misses(() => cached.hGet('hash', 'a')), 0)
    const { hits, entries, bytes } = cached.stats().cache
    assert.equal(hits, 4)
    assert.equal(entries, 3)
    assert.ok(bytes > 0)
  })

  it('cuts a range to a smaller limit, and asks for a larger one', async (t) => {
    const { cached, misses } = made(t)
    await Promise.all(['a', 'b', 'c'].map((member, score) => cached.zAdd('sorted', member, score)))
    const first = (limit) => cached.zRangeByScore('sorted', 0, 9, { limit })
    assert.deepEqual(await first(2), ['a', 'b'])
    assert.deepEqual(await first(1), ['a'])
    assert.equal(await misses(() => first(1)), 0)
    assert.equal(await misses(() => first(3)), 1)
    assert.deepEqual(await first(2), ['a', 'b'])
  })

  it('answers text and buffers of one answer', async (t) => {
    const { cached, misses } = made(t)
    await cached.set('key', 'ä')
    await cached.get('key')
    assert.equal(await misses(async () => assert.deepEqual(await cached.get('key', { buffers: true }), Buffer.from('ä'))), 0)
  })

  it('does not keep errors', async (t) => {
    const { cached, misses } = made(t)
    await cached.sAdd('set', 'a')
    const wrong = () => assert.rejects(cached.get('set'), { code: 'ERR_REDKV_TYPE', operation: 'get' })
    await wrong()
    assert.equal(await misses(wrong), 1)
  })

  it('keeps within its bounds', async (t) => {
    const { cached } = made(t, { maxEntries: 3, maxBytes: 100_000 })
    for (let i = 0; i < 20; i++) await cached.get(`key${i}`)
    assert.equal(cached.stats().cache.entries, 3)
  })

  it('reads again after the ttl', async (t) => {
    const { cached, misses } = made(t, { ttl: '1ms' })
    await cached.get('key')
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(await misses(() => cached.get('key')), 1)
  })

  it('refuses wrong options by their names', async (t) => {
    const { db } = made(t)
    for (const [name, value] of [['maxEntries', 0], ['maxBytes', 'many'], ['ttl', -1], ['maxEntry', 5]]) {
      assert.throws(() => db.cached({ [name]: value }), { code: 'ERR_REDKV_ARGUMENT', field: name })
    }
    assert.throws(() => db.cached('5'), { code: 'ERR_REDKV_ARGUMENT' })
  })
})

describe('what a cache forgets', () => {
  const writes = {
    set: (db) => db.set('key', 'new'),
    batch: (db) => {
      const batch = db.batch()
      batch.set('key', 'new')
      return batch.exec()
    },
    atomicWrite: (db) => {
      const write = db.atomicWrite()
      write.set('key', 'new')
      return write.exec()
    },
    'set of the eventually consistent view': (db) => (db.eventuallyConsistent?.() ?? db).set('key', 'new'),
  }
  for (const [name, write] of Object.entries(writes)) {
    it(`is what was written by ${name}, through it, beside it, or through another cache`, async (t) => {
      const { db, cached } = made(t)
      const other = db.cached()
      for (const writer of [cached, db, other]) {
        await db.set('key', 'old')
        assert.equal(await cached.get('key'), 'old')
        assert.equal(await other.get('key'), 'old')
        await write(writer)
        assert.equal(await cached.get('key'), 'new')
        assert.equal(await other.get('key'), 'new')
      }
    })
  }

  it('is what a chain wrote that has its plain values', async (t) => {
    const { db, cached } = made(t)
    const kv = new RedKV()
    t.after(() => kv.close())
    kv.addStructures(db)
    assert.equal(await cached.get('key'), null)
    await kv.set('key', 'value')
    assert.equal(await cached.get('key'), 'value')
  })

  it('is seen by reads that are called after a write, and not awaited', async (t) => {
    const { db, cached } = made(t)
    await cached.set('key', 0)
    for (let i = 1; i < 100; i++) {
      await cached.get('key')
      const writer = i % 2 === 0 ? cached : db
      const [, read] = await Promise.all([writer.set('key', i), cached.get('key')])
      assert.equal(read, String(i))
      assert.equal(await cached.get('key'), String(i))
    }
  })

  it('is what invalidate() says, at once, and all by clear()', async (t) => {
    const { cached, misses } = made(t)
    const read = () => Promise.all([cached.get('a'), cached.get('b')])
    await read()
    cached.invalidate('a')
    assert.equal(cached.stats().cache.entries, 1)
    assert.equal(await misses(read), 1)
    cached.invalidate(Buffer.from('b'))
    assert.equal(await misses(read), 1)
    cached.clear()
    assert.deepEqual({ ...cached.stats().cache, hits: 0, misses: 0 }, { hits: 0, misses: 0, entries: 0, bytes: 0 })
    assert.equal(await misses(read), 2)
    assert.throws(() => cached.invalidate({}), { code: 'ERR_REDKV_ARGUMENT', field: 'key' })
  })

  it('has both consistencies apart', async (t) => {
    const { cached, misses } = made(t)
    const view = cached.eventuallyConsistent()
    await view.get('key')
    assert.equal(await misses(() => view.get('key')), 0)
    assert.equal(await misses(() => cached.get('key')), 1)
    await cached.set('key', 'value')
    assert.equal(await view.get('key'), 'value')
    assert.equal(await cached.get('key'), 'value')
  })
})

describe("the event 'invalidate'", () => {
  it('comes with the keys of a write, an invalidate() or a clear()', async (t) => {
    const { cached } = made(t)
    const keysOf = async (cause) => {
      const [[{ keys }]] = await Promise.all([once(cached, 'invalidate'), cause()])
      return keys
    }
    assert.deepEqual(await keysOf(() => cached.set('a', 1)), ['a'])
    assert.deepEqual(await keysOf(() => cached.incrBy('n', 1n)), ['n'])
    assert.deepEqual(await keysOf(() => cached.eventuallyConsistent().zAdd('z', 'm', 1)), ['z'])
    assert.deepEqual(await keysOf(async () => cached.invalidate('b')), ['b'])
    assert.equal(await keysOf(async () => cached.clear()), undefined)
    const write = cached.atomicWrite()
    write.set('c', 1)
    write.sAdd('d', 'member')
    assert.deepEqual(await keysOf(() => write.exec()), ['c', 'd'])
  })

  it('comes with the keys of writes through the data structures and through their other caches', async (t) => {
    const { db, cached } = made(t)
    const [view, other] = [db.eventuallyConsistent(), db.cached()]
    const keysOf = async (cause) => {
      const [[{ keys }]] = await Promise.all([once(cached, 'invalidate'), cause()])
      return keys
    }
    const batched = () => {
      const batch = db.batch()
      batch.set('batched', 1)
      return batch.exec()
    }
    const atomic = () => {
      const write = db.atomicWrite()
      write.set('c', 1)
      write.sAdd('d', 'member')
      return write.exec()
    }
    assert.deepEqual(await keysOf(() => db.set('a', 1)), ['a'])
    assert.deepEqual(await keysOf(() => db.incrBy('n', 1n)), ['n'])
    assert.deepEqual(await keysOf(() => db.delete('a', { of: 'value' })), ['a'])
    assert.deepEqual(await keysOf(() => view.zAdd('z', 'm', 1)), ['z'])
    assert.deepEqual(await keysOf(() => other.hSet('h', 'f', 1)), ['h'])
    assert.deepEqual(await keysOf(batched), ['batched'])
    assert.deepEqual(await keysOf(atomic), ['c', 'd'])
  })

  it('comes to each cache, and not from other data structures or for what only one of them was told', async (t) => {
    const { db, cached } = made(t)
    const [other, stranger] = [db.cached(), made(t)]
    const seen = []
    cached.on('invalidate', ({ keys }) => seen.push(['one', ...keys]))
    other.on('invalidate', ({ keys }) => seen.push(['other', ...keys]))
    other.invalidate('b')
    await db.set('a', 1)
    await db.get('a')
    await stranger.db.set('a', 1)
    await stranger.cached.set('a', 1)
    await new Promise(setImmediate)
    assert.deepEqual(seen, [['other', 'b'], ['one', 'a'], ['other', 'a']])
  })

  it('comes also after a write that failed, and not after a read', async (t) => {
    const { cached } = made(t)
    const seen = []
    cached.on('invalidate', ({ keys }) => seen.push(...keys))
    await cached.set('key', 'text')
    await cached.get('key')
    await assert.rejects(cached.sAdd('key', 'member'), { code: 'ERR_REDKV_TYPE', operation: 'sAdd' })
    await new Promise(setImmediate)
    assert.deepEqual(seen, ['key', 'key'])
  })

  it('has a key as it was, whatever the caller does with his bytes', async (t) => {
    const { cached } = made(t)
    const key = Buffer.from('key')
    const event = once(cached, 'invalidate')
    const writing = cached.set(key, 1)
    key.fill(0)
    await writing
    assert.deepEqual((await event)[0].keys, [Buffer.from('key')])
  })
})

describe('a cache', () => {
  it('ends with its data structures', async (t) => {
    const { db, cached } = made(t)
    await cached.get('key')
    await db.close()
    await assert.rejects(cached.get('key'), { code: 'ERR_REDKV_CLOSED' })
    await assert.rejects(cached.set('key', 1), { code: 'ERR_REDKV_CLOSED' })
  })

  it('says what it is, and refuses methods without their object', async (t) => {
    const { cached } = made(t)
    assert.equal(inspect(cached), 'CachedStructures(memory)')
    assert.equal(cached.stats().store, 'memory')
    const { invalidate, clear, batch } = cached
    for (const method of [invalidate, clear, batch]) {
      assert.throws(() => method('key'), { code: 'ERR_REDKV_ARGUMENT', field: 'this' })
    }
  })

  it('counts what it answers as operations', async (t) => {
    const { db, cached } = made(t)
    await cached.get('key')
    await cached.get('key')
    assert.equal(db.stats().operations.get.calls, 2)
    assert.equal(db.stats().cache, undefined)
  })
})

it('bytes are copied whatever their class says of itself', async (t) => {
  const db = new Structures('memory')
  t.after(() => db.close())
  const cached = db.cached()
  cached.on('invalidate', () => {})
  class Bytes extends Uint8Array {
    static get [Symbol.species]() {
      throw new Error('species')
    }
  }
  const key = new Bytes(Buffer.from('key'))
  await cached.set(key, 'value')
  assert.equal(await cached.get('key'), 'value')
  const batch = db.batch()
  const read = batch.get(key)
  await batch.exec()
  assert.equal(await read, 'value')
})

it('a hash of very many fields is written, of each the last value', async (t) => {
  const db = new Structures('memory')
  t.after(() => db.close())
  const fields = Array.from({ length: 100_000 }, (_, index) => [`f${index % 50_000}`, index])
  await db.hSet('h', fields)
  const all = await db.hGetAll('h')
  assert.deepEqual([Object.keys(all).length, all.f7], [50_000, '50007'])
})
