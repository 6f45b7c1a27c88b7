'use strict'

// How a table of records is made, configured, watched and closed.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')
const { childOf, printed } = require('../support/child.js')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

const { Records } = RedKV

function opened(t, options, policy) {
  const table = new Records('memory', options, policy)
  t.after(() => table.close())
  return table
}

describe('a wrong backend, option or policy is refused by its name', () => {
  for (const [field, args, message] of [
    ['name', ['memry'], /there is no backend 'memry' of records; did you mean 'memory'\?/],
    ['name', [undefined], /must be a string/],
    ['unknown', ['memory', { unknown: 1 }], /unknown option 'unknown'/],
    ['timeout', ['memory', { timeout: 5 }], /into the third argument of new Records\(\)/],
    ['ttl', ['memory', {}, { ttl: '5s' }], /it is an option of put\(\)/],
    ['prefix', ['memory', {}, { prefix: 'p' }], /records have partitions/],
    ['optional', ['memory', {}, { optional: true }], /it belongs to a chain/],
    ['policy', ['memory', {}, 'text'], /policy must be an object/],
  ]) {
    test(`${field} of ${inspect(args)}`, () => {
      const error = thrownBy(() => new Records(...args))
      isArgumentError(error, field, error.store)
      assert.match(error.message, message)
      assert.match(error.stack.split('\n')[1], /life\.test\.js/)
    })
  }
})

describe('createTable()', () => {
  test('may be called again, and adds indexes', async (t) => {
    const table = opened(t)
    const partition = table.partition('p')
    await partition.put('b', '', { fields: { created: '1' } })
    const localIndex = { name: 'idx_created', sortKey: 'created' }
    await table.createTable()
    await table.createTable({ localIndexes: [localIndex], ttl: true })
    await table.createTable({ localIndexes: [localIndex] })
    const { records } = await partition.listPage('', { localIndex })
    assert.deepEqual(records.map(({ key }) => key), ['b'])
    const other = { localIndexes: [{ name: 'idx_created', sortKey: 'other' }] }
    isArgumentError(await rejectionOf(() => table.createTable(other)), 'localIndex', 'memory')
  })

  test('refuses what is no shape of a table', async (t) => {
    const table = opened(t)
    for (const [field, options] of [
      ['localIndexes', { localIndexes: 'l' }],
      ['indexes', { indexes: [] }],
      ['ttl', { ttl: '1h' }],
      ['sortKey', { localIndexes: [{ name: 'l' }] }],
      ['localIndex.name', { localIndexes: [{ name: 'l', sortKey: 's' }] }],
      ['globalIndex.name', { globalIndexes: [{ name: 'a b', hashKey: 'h', sortKey: 's' }] }],
      ['localIndexes', { localIndexes: Array.from({ length: 6 }, (_, i) => ({ name: `index${i}`, sortKey: 's' })) }],
      ['localIndex', { localIndexes: [{ name: 'by_version', sortKey: 'version' }] }],
    ]) {
      const error = await rejectionOf(() => table.createTable(options))
      isArgumentError(error, field, error.store)
      assert.equal(error.operation, 'createTable')
    }
  })
})

test('stats() count operations and their errors', async (t) => {
  const table = opened(t, undefined, { name: 'crm' })
  const partition = table.partition('p')
  await partition.put('a', '1')
  await rejectionOf(() => partition.atomicPut('a', '1'))
  const { name, store, errors, operations } = table.stats()
  assert.deepEqual([name, store, errors], ['crm', 'memory', {}])
  assert.deepEqual([operations.put.calls, operations.atomicPut.calls, operations.atomicPut.errors], [1, 1, 1])
})

test('after close() everything is refused', async () => {
  const table = new Records('memory')
  const partition = table.partition('p')
  const last = partition.put('a', '1')
  await table.close()
  assert.equal((await last).version, 1)
  for (const call of [() => partition.get('a'), () => table.createTable(), () => partition.update('a', () => 'v')]) {
    assert.equal((await rejectionOf(call)).code, 'ERR_REDKV_CLOSED')
  }
  assert.equal((await rejectionOf(() => partition.update('a', () => 'v'))).operation, 'update')
  assert.equal(inspect(table), 'Records(memory, closed)')
  assert.equal(inspect(partition), "Partition('p')")
})

test('more operations than are allowed are refused', async (t) => {
  const partition = opened(t, undefined, { maxPending: 2 }).partition('p')
  const calls = [partition.put('a'), partition.put('b'), partition.put('c')]
  const results = await Promise.allSettled(calls)
  assert.deepEqual(results.map(({ reason }) => reason?.code), [undefined, undefined, 'ERR_REDKV_OVERLOAD'])
})

test('records are no store of a chain', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  isArgumentError(thrownBy(() => kv.addStructures(opened(t))), 'db')
  isArgumentError(thrownBy(() => kv.addChain(opened(t))), 'chain')
})

test('an aborted signal ends an operation', async (t) => {
  const partition = opened(t).partition('p')
  const signal = AbortSignal.abort(new Error('enough'))
  for (const call of [
    () => partition.put('a', '1', { signal }),
    () => partition.get('a', { signal }),
    () => partition.getMany(['a', 'b'], { signal }),
    () => partition.update('a', () => 'v', { signal }),
    () => partition.list('', { signal }).next(),
  ]) {
    assert.equal((await rejectionOf(call)).message, 'enough')
  }
  assert.equal(await partition.get('a'), null)
})

test('an aborted signal ends getMany() with its reason', async (t) => {
  const partition = opened(t).partition('p')
  const controller = new AbortController()
  const many = partition.getMany(Array.from({ length: 100 }, (_, n) => `k${n}`), { signal: controller.signal })
  controller.abort(new Error('enough'))
  assert.equal((await rejectionOf(() => many)).message, 'enough')
})

test('an aborted signal ends an update whose change does not end', async (t) => {
  const partition = opened(t).partition('p')
  const controller = new AbortController()
  let end
  const late = new Promise((resolve) => (end = resolve))
  const update = partition.update('a', () => late, { signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 20)
  assert.equal((await rejectionOf(() => update)).message, 'enough')
  end('v')
  await partition.exists('b')
  assert.equal(await partition.get('a'), null)
})

test('nobody has to hear of the reads beside a key that is refused', async () => {
  const result = await childOf(async () => {
    const table = new RedKV.Records('sqlite', { path: '/nowhere/at/all.sqlite' })
    const error = await table.partition('p').getMany(['a', 5]).catch((failure) => failure)
    await table.close()
    console.log(error.field, error.operation)
  })
  printed(result, 'key getMany\n')
})

test('an aborted signal ends a pause of update(), with its reason', async (t) => {
  const partition = opened(t).partition('p')
  const rival = async () => {
    await partition.put('a', 'theirs')
    return 'mine'
  }
  const controller = new AbortController()
  const updating = rejectionOf(() => partition.update('a', rival, { retries: 1000, signal: controller.signal }))
  // After some conflicts it pauses nearly all of the time, and writes for the rest of it.
  setTimeout(() => controller.abort(new Error('enough')), 100)
  const error = await updating
  assert.equal((error.code === 'ERR_REDKV_ABORTED' ? error.cause : error).message, 'enough')
  assert.equal((await partition.get('a')).value, 'theirs')
})

test('update() gets along with many writers', async (t) => {
  const partition = opened(t).partition('p')
  const increment = (record) => String(Number(record?.value ?? 0) + 1)
  await Promise.all(Array.from({ length: 32 }, () => partition.update('n', increment)))
  assert.equal((await partition.get('n')).value, '32')
})

test('a list that nobody reads to its end leaves nothing behind', async (t) => {
  const partition = opened(t).partition('p')
  await Promise.all(Array.from({ length: 50 }, (_, n) => partition.put(`k${n}`)))
  for await (const { key } of partition.list('', { limit: 3 })) if (key.length > 2) break
  const list = partition.list()
  await list.return()
  assert.deepEqual(await list.next(), { value: undefined, done: true })
})

test('a process ends by itself without close()', async () => {
  const result = await childOf(async () => {
    const table = new RedKV.Records('memory')
    const { version } = await table.partition('p').put('a', '1')
    console.log(version)
  })
  printed(result, '1\n')
})
