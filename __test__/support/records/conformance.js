'use strict'

// What the calling side of records does, on every backend. What the backends do is the subject of the suite in Rust.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { isArgumentError, rejectionOf } = require('../refused.js')
const { open } = require('./backends.js')

const localIndex = { name: 'idx_created', sortKey: 'created' }
const globalIndex = { name: 'idx_pk1', hashKey: 'pk1', sortKey: 'sk1' }

/** Without the properties that no test knows before. */
const plain = ({ partition, key, version, value, fields }) => ({ partition, key, version, value, fields: { ...fields } })

const keysOf = (records) => records.map(({ key }) => key)

async function listed(records) {
  const keys = []
  for await (const { key } of records) keys.push(key)
  return keys
}

const cases = {
  async 'a record has a version that grows'(partition) {
    const first = await partition.put('a', 'x', { fields: { f: '1' } })
    assert.deepEqual(plain(first), { partition: partition.name, key: 'a', version: 1, value: 'x', fields: { f: '1' } })
    assert.equal(first.expires, null)
    const second = await partition.put('a')
    assert.deepEqual(plain(second), { ...plain(first), version: 2 })
    assert.deepEqual(await partition.get('a'), second)
    assert.equal(await partition.get('b'), null)
  },

  async 'bytes are base64, and read back as bytes'(partition) {
    const record = await partition.put('b', Uint8Array.of(0, 255, 120))
    assert.equal(record.value, 'AP94')
    assert.deepEqual([...record.buffer()], [0, 255, 120])
    assert.equal((await partition.put('t', 'no base64!')).buffer(), null)
    const empty = await partition.put('e', '')
    assert.deepEqual([empty.value, empty.buffer().length], ['', 0])
    assert.deepEqual([(await partition.put('n')).value, (await partition.get('n')).buffer()], [null, null])
  },

  async 'a time to live is a duration, and a date on the record'(partition) {
    const before = Date.now()
    const { expires } = await partition.put('a', 'x', { ttl: '1h' })
    const end = expires.getTime()
    assert.ok(end >= before + 3_600_000 && end <= Date.now() + 3_602_000 && end % 1000 === 0, String(expires))
    assert.equal((await partition.put('a', 'y', { keepTtl: true })).expires.getTime(), end)
    assert.equal((await partition.put('a', 'z')).expires, null)
  },

  async 'fields are added, kept and removed'(partition) {
    await partition.put('a', 'x', { fields: { one: '1', two: '2', ['__proto__']: 'p' } })
    const { fields } = await partition.put('a', undefined, { fields: new Map([['two', null], ['three', '3']]) })
    assert.deepEqual(Object.entries(fields).sort(), [['__proto__', 'p'], ['one', '1'], ['three', '3']])
  },

  async 'atomicPut() creates, and changes what was read'(partition) {
    const first = await partition.atomicPut('a', '1')
    const exists = await rejectionOf(() => partition.atomicPut('a', '2'))
    assert.deepEqual([exists.code, exists.operation, exists.record.version], ['ERR_REDKV_EXISTS', 'atomicPut', 1])
    const second = await partition.atomicPut('a', '2', { previous: first })
    const modified = await rejectionOf(() => partition.atomicPut('a', '3', { previous: first }))
    assert.deepEqual([modified.code, modified.retryable, modified.outcome], ['ERR_REDKV_MODIFIED', false, 'not-applied'])
    assert.deepEqual(modified.record, second)
    const gone = await rejectionOf(() => partition.atomicPut('b', '3', { previous: { ...first, key: 'b' } }))
    assert.deepEqual([gone.code, gone.record], ['ERR_REDKV_MODIFIED', null])
  },

  async 'a record of another key or partition is not the previous one'(partition) {
    const first = await partition.put('a', '1')
    for (const previous of [{ ...first, key: 'b' }, { ...first, partition: 'other' }]) {
      const error = await rejectionOf(() => partition.atomicPut('a', '2', { previous }))
      assert.deepEqual([error.code, error.record], ['ERR_REDKV_MODIFIED', null])
      assert.equal((await rejectionOf(() => partition.atomicDelete('a', previous))).code, 'ERR_REDKV_MODIFIED')
    }
    assert.deepEqual(await partition.get('a'), first)
  },

  async 'atomicDelete() deletes what was read'(partition) {
    const first = await partition.put('a', '1')
    const second = await partition.put('a', '2')
    const error = await rejectionOf(() => partition.atomicDelete('a', first))
    assert.deepEqual([error.code, error.record], ['ERR_REDKV_MODIFIED', second])
    assert.equal(await partition.atomicDelete('a', second), undefined)
    const missing = await rejectionOf(() => partition.atomicDelete('a', second))
    assert.deepEqual([missing.code, missing.operation, missing.record], ['ERR_REDKV_NOT_FOUND', 'atomicDelete', null])
  },

  async 'delete() and exists() are about what is there'(partition) {
    await partition.put('a', '1')
    assert.equal(await partition.exists('a'), true)
    assert.equal(await partition.delete('a'), undefined)
    assert.equal(await partition.delete('a'), undefined)
    assert.equal(await partition.exists('a', { consistent: false }), false)
  },

  async 'calls of one turn for one record take effect in their order'(partition) {
    const calls = [partition.put('a', '1'), partition.get('a'), partition.put('a', '2'), partition.delete('a'), partition.get('a')]
    const [one, two, three, , five] = await Promise.all(calls)
    assert.deepEqual([one.version, two.value, three.version, five], [1, '1', 2, null])
  },

  async 'getMany() reads records in the order of the keys'(partition) {
    const keys = Array.from({ length: 250 }, (_, n) => `k${n}`)
    await Promise.all(keys.slice(0, 240).map((key) => partition.put(key, `v${key}`)))
    const records = await partition.getMany(new Set(keys))
    assert.deepEqual(records.map((record) => record?.value ?? null), keys.map((key, n) => (n < 240 ? `v${key}` : null)))
    const error = await rejectionOf(() => partition.getMany(['k0', '', 'k1']))
    assert.deepEqual([error.code, error.operation, [...error.errors.keys()]], ['ERR_REDKV_PARTIAL', 'getMany', ['']])
    assert.deepEqual(error.values.map((record) => record?.key), ['k0', undefined, 'k1'])
  },

  async 'update() counts every increment of many writers'(partition) {
    const increment = (record) => String(Number(record?.value ?? 0) + 1)
    await Promise.all(Array.from({ length: 8 }, () => partition.update('n', increment, { retries: 1000 })))
    const { value, version } = await partition.get('n')
    assert.deepEqual([value, version], ['8', 8])
  },

  async 'update() writes what the function returns, or nothing'(partition) {
    assert.equal(await partition.update('a', () => undefined), null)
    const made = await partition.update('a', async (record) => {
      assert.equal(record, null)
      return { value: 'v', fields: { f: '1' }, ttl: '1h' }
    })
    assert.deepEqual([made.value, made.fields.f, made.expires instanceof Date], ['v', '1', true])
    assert.deepEqual(await partition.update('a', () => undefined), made)
    const fault = new Error('of the function')
    assert.equal(await rejectionOf(() => partition.update('a', () => Promise.reject(fault))), fault)
    const rival = async () => {
      await partition.put('a', 'theirs')
      return 'mine'
    }
    const error = await rejectionOf(() => partition.update('a', rival, { retries: 2 }))
    assert.deepEqual([error.code, error.operation, error.retryable], ['ERR_REDKV_MODIFIED', 'update', true])
    assert.equal(error.record.value, 'theirs')
  },

  async 'lists go page by page, forward and in reverse'(partition) {
    const keys = ['B', 'a/1', 'a/2', 'a/3', 'b', 'é&<>']
    await Promise.all(keys.map((key) => partition.put(key, key)))
    const first = await partition.listPage('a/', { limit: 2 })
    assert.deepEqual(keysOf(first.records), ['a/1', 'a/2'])
    const second = await partition.listPage('a/', { limit: 2, after: first.next })
    assert.deepEqual([keysOf(second.records), second.next], [['a/3'], null])
    assert.deepEqual(keysOf((await partition.listPage()).records), keys)
    assert.deepEqual(await listed(partition.list('', { limit: 2, reverse: true })), keys.toReversed())
    assert.deepEqual(await partition.listPage('none'), { records: [], next: null })
    assert.deepEqual(await listed(partition.list('a/', { after: first.next, limit: 1 })), ['a/3'])
  },

  async 'lists go by indexes'(partition, table) {
    const other = table.partition('other')
    await partition.put('x', '', { fields: { created: '2021', pk1: partition.name, sk1: 'b' } })
    await partition.put('y', '', { fields: { created: '2020' } })
    await partition.put('z', '')
    await other.put('o', '', { fields: { pk1: partition.name, sk1: 'a' } })
    assert.deepEqual(await listed(partition.list('', { localIndex, limit: 1 })), ['y', 'x'])
    assert.deepEqual(keysOf((await partition.listPage('2021', { localIndex })).records), ['x'])
    const { records } = await partition.listPage('', { globalIndex })
    assert.deepEqual(records.map(({ partition: name, key }) => [name, key]), [['other', 'o'], [partition.name, 'x']])
  },

  async 'a token holds for its list only'(partition, table) {
    for (const key of ['a', 'b', 'c']) await partition.put(key, '', { fields: { created: key } })
    const { next } = await partition.listPage('', { limit: 1 })
    const { next: ofIndex } = await partition.listPage('', { limit: 1, localIndex })
    for (const wrong of [
      () => table.partition('other').listPage('', { after: next }),
      () => partition.listPage('', { after: next, localIndex }),
      () => partition.listPage('', { after: ofIndex }),
      () => partition.listPage('', { after: 'nonsense' }),
      () => partition.listPage('', { after: null }),
    ]) {
      isArgumentError(await rejectionOf(wrong), 'after')
    }
  },
}

/** Declares the cases as tests of one backend. */
function testBackend(name) {
  describe(`records in ${name}`, () => {
    for (const [title, body] of Object.entries(cases)) {
      test(title, async (t) => {
        const table = await open(t, name)
        await body(table.partition('agent'), table)
      })
    }
  })
}

module.exports = { testBackend }
