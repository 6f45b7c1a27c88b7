'use strict'

// What operations on records take, and what they refuse before anything is sent.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Records } = require('../..')
const { versionedOf } = require('../../lib/records/record.js')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')
const { open } = require('../support/records/backends.js')

/** Bytes that another thread has now. */
function transferred() {
  const bytes = Uint8Array.of(1, 2, 3)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

const previous = { partition: 'p', key: 'k', version: 1 }

describe('wrong arguments are refused by their names', () => {
  for (const [field, title, call] of [
    ['key', 'an empty key', (p) => p.put('', 'v')],
    ['key', 'a key of 1,025 bytes', (p) => p.get('é'.repeat(513))],
    ['key', 'a key that is a number', (p) => p.get(5)],
    ['key', 'a key with half a character', (p) => p.exists('\ud800')],
    ['value', 'null as a value', (p) => p.put('k', null)],
    ['value', 'a number as a value', (p) => p.put('k', 5)],
    ['value', 'a value with half a character', (p) => p.put('k', '\ud800')],
    ['value', 'a value over 400 kB', (p) => p.put('k', 'x'.repeat(500_000))],
    ['value', 'more bytes than a record may have', (p) => p.put('k', new Uint8Array(300e6))],
    ['value', 'bytes that were transferred', (p) => p.put('k', transferred())],
    ['ttl', 'a negative time to live', (p) => p.put('k', 'v', { ttl: -1 })],
    ['ttl', 'a time to live in words', (p) => p.put('k', 'v', { ttl: 'soon' })],
    ['keepTtl', 'keepTtl beside ttl', (p) => p.put('k', 'v', { ttl: 5, keepTtl: true })],
    ['keepTtl', 'keepTtl that is text', (p) => p.put('k', 'v', { keepTtl: 'yes' })],
    ['fields', 'a reserved field', (p) => p.put('k', 'v', { fields: { version: '1' } })],
    ['fields', 'a field without a name', (p) => p.put('k', 'v', { fields: { '': '1' } })],
    ['fields', 'a field that is a number', (p) => p.put('k', 'v', { fields: { n: 1 } })],
    ['fields', 'fields that are text', (p) => p.put('k', 'v', { fields: 'f' })],
    ['fields', '251 fields', (p) => p.put('k', 'v', { fields: Object.fromEntries(Array.from({ length: 251 }, (_, n) => [n, ''])) })],
    ['fields', 'more fields than anybody wants to wait for', (p) => p.put('k', 'v', { fields: Array.from({ length: 1e5 }, () => ['f', '']) })],
    ['TTL', 'an option that is misspelt', (p) => p.put('k', 'v', { TTL: 5 })],
    ['previous', 'null as a previous record', (p) => p.atomicPut('k', 'v', { previous: null })],
    ['previous', 'a version as a previous record', (p) => p.atomicPut('k', 'v', { previous: 1 })],
    ['previous', 'a previous record without a version', (p) => p.atomicDelete('k', { key: 'k', partition: 'p' })],
    ['previous', 'no previous record', (p) => p.atomicDelete('k')],
    ['key', 'a key that is none, beside a record of another one', (p) => p.atomicPut(5, 'v', { previous })],
    ['key', 'no key, beside a record of another one', (p) => p.atomicDelete(undefined, previous)],
    ['consistent', 'consistent that is text', (p) => p.get('k', { consistent: 'yes' })],
    ['keys', 'keys that are text', (p) => p.getMany('k')],
    ['change', 'no function to change', (p) => p.update('k', 'v')],
    ['change', 'a function that returns null', (p) => p.update('k', () => null)],
    ['change', 'a function that returns another option', (p) => p.update('k', () => ({ values: 'v' }))],
    ['change', 'a function that returns an ArrayBuffer', (p) => p.update('k', () => new ArrayBuffer(3))],
    ['change', 'a function that returns a Map', (p) => p.update('k', () => new Map([['value', 'v']]))],
    ['change', 'a function that returns a list', (p) => p.update('k', () => [])],
    ['change', 'a function that returns an error', (p) => p.update('k', () => new Error('v'))],
    ['retries', 'retries below 0', (p) => p.update('k', () => 'v', { retries: -1 })],
    ['prefix', 'a prefix that is a number', (p) => p.listPage(5)],
    ['limit', 'a limit of 0', (p) => p.listPage('', { limit: 0 })],
    ['limit', 'a limit with a fraction', (p) => p.listPage('', { limit: 1.5 })],
    ['reverse', 'reverse that is a number', (p) => p.listPage('', { reverse: 1 })],
    ['globalIndex', 'two indexes', (p) => p.listPage('', { localIndex: { name: 'l', sortKey: 's' }, globalIndex: { name: 'g', hashKey: 'h', sortKey: 's' } })],
    ['localIndex.sortKey', 'an index without a sort key', (p) => p.listPage('', { localIndex: { name: 'l' } })],
    ['localIndex.hashKey', 'a local index with a hash key', (p) => p.listPage('', { localIndex: { name: 'l', sortKey: 's', hashKey: 'h' } })],
    ['localIndex.name', 'an index with a name that DynamoDB refuses', (p) => p.listPage('', { localIndex: { name: 'a b', sortKey: 's' } })],
    ['after', 'the longest token of a stranger', (p) => p.listPage('', { after: 'z'.repeat(16_384) })],
    ['previous', 'a version below 0', (p) => p.atomicDelete('k', { ...previous, version: -1 })],
    ['localIndex', 'an index that is not there', (p) => p.listPage('', { localIndex: { name: 'none', sortKey: 's' } })],
    ['localIndex', 'an index with another sort key', (p) => p.listPage('', { localIndex: { name: 'idx_created', sortKey: 's' } })],
    ['consistent', 'consistent reads of a global index', (p) => p.listPage('', { consistent: true, globalIndex: { name: 'idx_pk1', hashKey: 'pk1', sortKey: 'sk1' } })],
    ['signal', 'a signal that is none', (p) => p.get('k', { signal: {} })],
    ['signal', 'a signal that nobody can leave', (p) => p.get('k', { signal: { aborted: false, addEventListener() {} } })],
  ]) {
    test(title, async (t) => {
      const table = await open(t, 'memory')
      const error = await rejectionOf(() => call(table.partition('p')))
      isArgumentError(error, field, error.store)
      assert.equal(typeof error.operation, 'string')
      assert.equal(await table.partition('p').get('k'), null)
    })
  }

  test('an operation without its object', async () => {
    const table = new Records('memory')
    const { get, update, list } = table.partition('p')
    for (const call of [() => get('k'), () => update('k', () => 'v')]) isArgumentError(await rejectionOf(call), 'this')
    isArgumentError(thrownBy(() => list()), 'this')
    const { partition } = table
    isArgumentError(thrownBy(() => partition('p')), 'this')
    await table.close()
  })

  test('the name of a partition', async (t) => {
    const table = await open(t, 'memory')
    for (const name of ['', 5, undefined]) isArgumentError(thrownBy(() => table.partition(name)), 'name')
    isArgumentError(await rejectionOf(() => table.partition('p'.repeat(2049)).get('k')), 'partition', 'memory')
  })
})

test('bytes are what they are, whatever they say of themselves', async (t) => {
  const partition = (await open(t, 'memory')).partition('p')
  class Lying extends Uint8Array {
    static get [Symbol.species]() {
      throw new Error('asked for its species')
    }

    get buffer() {
      return 'another text'
    }

    get byteLength() {
      return 1e9
    }
  }
  assert.deepEqual((await partition.put('k', Lying.of(1, 2))).buffer(), Buffer.of(1, 2))
  assert.deepEqual((await partition.put('k', new Uint8Array(new SharedArrayBuffer(1)))).buffer(), Buffer.of(0))
})

test('options may be those of a class', async (t) => {
  const table = await open(t, 'memory')
  const partition = table.partition('p')
  await Promise.all(['a', 'b', 'c'].map((key) => partition.put(key)))
  class Options {
    get limit() {
      return 2
    }
  }
  const sizes = []
  const { listPage } = partition
  partition.listPage = (prefix, options) => {
    sizes.push(options.limit)
    return listPage.call(partition, prefix, options)
  }
  for await (const record of partition.list('', new Options())) assert.equal(record.version, 1)
  assert.deepEqual(sizes, [2, 2])
  class Change {
    get ttl() {
      return '1h'
    }

    get fields() {
      return { a: '1' }
    }
  }
  const { expires, fields } = await partition.update('a', () => new Change())
  assert.ok(expires instanceof Date)
  assert.equal(fields.a, '1')
  class Shape {
    get localIndexes() {
      return [{ name: 'by_a', sortKey: 'a' }]
    }
  }
  await table.createTable(new Shape())
  assert.equal((await partition.listPage('', { localIndex: { name: 'by_a', sortKey: 'a' } })).records.length, 1)
})

test('a frozen error of a change comes back as it is', async (t) => {
  const partition = (await open(t, 'memory')).partition('p')
  const own = Object.freeze(Object.assign(new TypeError('mine'), { code: 'ERR_REDKV_ARGUMENT' }))
  await assert.rejects(partition.update('k', () => { throw own }), (error) => error === own)
})

test('what expires after the last date of JavaScript expires then', () => {
  const { expires } = versionedOf('p', 'k', 1, 1e33, 'v', 0)
  assert.equal(expires.toISOString(), '+275760-09-13T00:00:00.000Z')
})

test('a plain object says which version is meant as well', async (t) => {
  const partition = (await open(t, 'memory')).partition('p')
  await partition.put('k', '1')
  const stored = JSON.parse(JSON.stringify(await partition.get('k')))
  assert.equal((await partition.atomicPut('k', '2', { previous: stored })).version, 2)
  await rejectionOf(() => partition.atomicDelete('k', previous))
})

test('a previous version 0 is that of an item without one', async (t) => {
  const partition = (await open(t, 'memory')).partition('p')
  const of0 = { ...previous, version: 0 }
  assert.equal((await rejectionOf(() => partition.atomicPut('k', 'v', { previous: of0 }))).code, 'ERR_REDKV_MODIFIED')
  assert.equal((await rejectionOf(() => partition.atomicDelete('k', of0))).code, 'ERR_REDKV_NOT_FOUND')
})

test('what was read stays with its error, and out of what is printed of it', async (t) => {
  const { inspect } = require('node:util')
  const partition = (await open(t, 'memory')).partition('p')
  await partition.put('k', 'secret')
  const error = await rejectionOf(() => partition.atomicPut('k', 'v'))
  assert.equal(error.record.value, 'secret')
  assert.doesNotMatch(`${inspect(error)} ${JSON.stringify(error)}`, /secret/)
})
