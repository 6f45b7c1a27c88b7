'use strict'

const assert = require('node:assert/strict')
const { mkdirSync } = require('node:fs')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { clientOptions } = require('../support/servers/dynamodb.js')
const { freshFile, freshFolder } = require('../support/fresh.js')
const { open } = require('../support/stores.js')
const { rejectionOf } = require('../support/refused.js')
const { until } = require('../support/wait.js')

const { RedKVError } = RedKV

/** An instance for the time of the test. */
function instance(t) {
  const kv = new RedKV()
  t.after(() => kv.close())
  return kv
}

/** What `addStore` takes for a store that cannot be reached: nobody listens at this port. */
const unreachable = ['dynamodb', { ...clientOptions('http://127.0.0.1:9'), tableName: 'table', maxRetries: 0 }]

for (const names of [['memory'], ['sqlite'], ['memory', 'sqlite'], ['sqlite', 'memory'], ['memory', 'sqlite', 'sqlite']]) {
  describe(`the operations of one turn on ${names.join(', ')}`, () => {
    test('see the writes that were called before them', async (t) => {
      const [kv] = await open(t, ...names)
      const answers = await Promise.all([
        kv.set('key', 'value'),
        kv.get('key'),
        kv.has('key'),
        kv.getBuffer('key'),
        kv.getMany(['key', 'missing', 'key']),
        kv.hasMany(['key', 'missing']),
      ])
      assert.deepEqual(answers, [undefined, 'value', true, Buffer.from('value'), ['value', null, 'value'], [true, false]])
    })

    test('see the deletes that were called before them', async (t) => {
      const [kv] = await open(t, ...names)
      await kv.setMany({ key: 'value', other: 'value' })
      const answers = await Promise.all([
        kv.delete('key'),
        kv.get('key'),
        kv.deleteMany(['other']),
        kv.has('other'),
        kv.hasMany(['key', 'other']),
      ])
      assert.deepEqual(answers, [undefined, null, undefined, false, [false, false]])
    })

    test('take effect in the order of their calls', async (t) => {
      const [kv] = await open(t, ...names)
      await kv.set('key', 'old')
      kv.delete('key')
      kv.set('key', 'first')
      kv.setMany({ key: 'second', other: 'second' })
      kv.set('key', 'third')
      kv.delete('other')
      assert.deepEqual(await kv.getMany(['key', 'other']), ['third', null])
    })

    test('never read what is older than what was read before', async (t) => {
      const [kv] = await open(t, ...names)
      const reads = []
      for (let n = 1; n <= 100; n += 1) {
        kv.set('key', n)
        reads.push(kv.get('key').then(Number))
      }
      const seen = await Promise.all(reads)
      seen.forEach((value, index) => assert.ok(value >= index + 1, `read ${index + 1} saw ${value}`))
      assert.equal(await kv.get('key'), '100')
    })

    test('reach the stores in the order of their calls', async (t) => {
      const [kv, ...stores] = await open(t, ...names)
      for (let n = 1; n <= 100; n += 1) kv.set('key', n)
      await kv.set('key', 'last')
      assert.deepEqual(await Promise.all(stores.map((store) => store.get('key'))), stores.map(() => 'last'))
    })

    test('on the chain and on its last store keep one order', async (t) => {
      const [kv, ...stores] = await open(t, ...names)
      kv.set('key', 'of the chain')
      stores.at(-1).set('key', 'of the store')
      assert.equal(await stores.at(-1).get('key'), 'of the store')
      kv.delete('key')
      assert.equal(await stores.at(-1).get('key'), null)
    })
  })
}

describe('the store object', () => {
  test('acts on its store alone', async (t) => {
    const [kv, memory, sqlite] = await open(t, 'memory', 'sqlite')
    await memory.set('a', 'in memory')
    await sqlite.set('b', 'in the file')
    assert.deepEqual(await memory.getMany(['a', 'b']), ['in memory', null])
    assert.deepEqual(await sqlite.getMany(['a', 'b']), [null, 'in the file'])
    await kv.set('c', 'everywhere')
    await memory.delete('c')
    assert.deepEqual([await memory.has('c'), await sqlite.has('c')], [false, true])
    await sqlite.deleteMany(['c'])
    assert.equal(await kv.get('c'), null)
  })

  test('is named like its store, in lower case', (t) => {
    const kv = instance(t)
    assert.equal(kv.addStore('Memory').name, 'memory')
    assert.equal(kv.addStore('SQLITE', { path: ':memory:' }).name, 'sqlite')
  })

  test('has the operations of the chain', async (t) => {
    const [kv, store] = await open(t, 'memory')
    const operations = ['get', 'getBuffer', 'set', 'delete', 'has', 'getMany', 'setMany', 'deleteMany', 'hasMany', 'ready']
    assert.deepEqual(operations.filter((name) => typeof store[name] !== 'function'), [])
    assert.deepEqual(operations.filter((name) => typeof kv[name] !== 'function'), [])
  })

  test('reads past no store: what its store misses is null', async (t) => {
    const [kv, memory] = await open(t, 'memory', 'sqlite')
    await kv.set('key', 'value')
    await memory.delete('key')
    assert.equal(await memory.get('key'), null)
    assert.equal(await memory.has('key'), false)
  })
})

describe('a store with a prefix', () => {
  test('keeps its keys apart from those of others in the same place', async (t) => {
    const path = freshFile(t)
    const [a, b, all] = [instance(t), instance(t), instance(t)]
    a.addStore('sqlite', { path }, { prefix: 'a:' })
    b.addStore('sqlite', { path }, { prefix: 'b:' })
    all.addStore('sqlite', { path })
    await Promise.all([a.set('key', 'of a'), b.set('key', 'of b')])
    assert.deepEqual([await a.get('key'), await b.get('key')], ['of a', 'of b'])
    assert.deepEqual(await all.getMany(['a:key', 'b:key', 'key']), ['of a', 'of b', null])
  })
})

describe('the life of a value', () => {
  test('is not longer in the store that it is filled into', async (t) => {
    const [kv, memory, sqlite] = await open(t, 'memory', 'sqliteThatExpires')
    await sqlite.set('key', 'value', { ttl: 400 })
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await memory.get('key'), 'value')
    await until(async () => (await sqlite.get('key')) === null)
    assert.equal(await memory.get('key'), null)
    assert.equal(await kv.get('key'), null)
  })

  test('in one store is bounded by the ttl of the tier, and the value comes back from the later store', async (t) => {
    const kv = instance(t)
    const memory = kv.addStore('memory', {}, { ttl: 100 })
    kv.addStore('sqlite', { path: freshFile(t) })
    await kv.set('key', 'value')
    await until(async () => !(await memory.has('key')))
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await memory.get('key'), 'value')
    await until(async () => !(await memory.has('key')))
  })

  test('ends at the ttl of the call where that is shorter than the ttl of the tier', async (t) => {
    const kv = instance(t)
    kv.addStore('memory', {}, { ttl: '1h' })
    await kv.set('key', 'value', { ttl: 50 })
    await until(async () => (await kv.get('key')) === null)
    assert.equal(await kv.has('key'), false)
  })
})

describe('an instance without stores', () => {
  test('rejects reads of values', async (t) => {
    const kv = instance(t)
    const refusal = { name: 'RedKVError', code: 'ERR_REDKV_NO_STORES', retryable: false }
    await assert.rejects(kv.get('key'), { ...refusal, operation: 'get' })
    await assert.rejects(kv.getBuffer('key'), refusal)
    await assert.rejects(kv.getMany(['a', 'b']), refusal)
  })

  test('has nothing, takes writes, and is ready', async (t) => {
    const kv = instance(t)
    assert.equal(await kv.has('key'), false)
    assert.deepEqual(await kv.hasMany(['a', 'b']), [false, false])
    assert.equal(await kv.set('key', 'value'), undefined)
    assert.equal(await kv.delete('key'), undefined)
    assert.equal(await kv.ready(), undefined)
  })
})

describe('ready()', () => {
  test('resolves when the stores are up', async (t) => {
    const [kv, memory, sqlite] = await open(t, 'memory', 'sqlite')
    assert.equal(await kv.ready(), undefined)
    assert.equal(await memory.ready(), undefined)
    assert.equal(await sqlite.ready(), undefined)
    assert.equal(await kv.ready(), undefined)
  })

  test('is pending again after a store was added', async (t) => {
    const [kv] = await open(t, 'memory')
    await kv.ready()
    kv.addStore(...unreachable)
    await assert.rejects(kv.ready(), { name: 'RedKVError', store: 'dynamodb', operation: 'ready' })
  })

  test('of a store object is about that store', async (t) => {
    const kv = instance(t)
    const memory = kv.addStore('memory')
    const second = kv.addStore(...unreachable)
    assert.equal(await memory.ready(), undefined)
    await assert.rejects(second.ready(), { store: 'dynamodb' })
  })

  test('tries again when it is called again', async (t) => {
    const kv = instance(t)
    const folder = join(freshFolder(t), 'made later')
    kv.addStore('sqlite', { path: join(folder, 'file') })
    await assert.rejects(kv.ready(), { store: 'sqlite' })
    mkdirSync(folder)
    assert.equal(await kv.ready(), undefined)
    await kv.set('key', 'value')
    assert.equal(await kv.get('key'), 'value')
  })

  test('need not be waited for: operations wait themselves', async (t) => {
    const kv = instance(t)
    const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
    const answers = await Promise.all([kv.set('key', 'value'), sqlite.get('key'), kv.ready(), kv.has('key')])
    assert.deepEqual(answers, [undefined, 'value', undefined, true])
  })

  test('and operations work on a store that was added later', async (t) => {
    const [kv, memory] = await open(t, 'memory')
    await kv.set('key', 'value')
    const sqlite = kv.addStore('sqlite', { path: freshFile(t) })
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await sqlite.get('key'), null)
    await kv.set('key', 'new value')
    assert.deepEqual([await memory.get('key'), await sqlite.get('key')], ['new value', 'new value'])
  })
})

describe('a first store that fails', () => {
  test('is a miss to reads, and its failure rejects writes', async (t) => {
    const kv = instance(t)
    kv.addStore(...unreachable)
    const second = kv.addStore('memory')
    await second.set('key', 'value')
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await kv.has('key'), true)
    assert.deepEqual(await kv.getMany(['key', 'missing']), ['value', null])
    await assert.rejects(kv.set('key', 'new value'), { name: 'RedKVError', store: 'dynamodb', operation: 'set' })
    await assert.rejects(kv.delete('other'), { store: 'dynamodb', operation: 'delete' })
  })

  test('rejects neither writes nor ready() when it is optional', async (t) => {
    const kv = instance(t)
    kv.addStore(...unreachable, { optional: true })
    kv.addStore('memory')
    assert.equal(await kv.ready(), undefined)
    assert.equal(await kv.set('key', 'value'), undefined)
    assert.equal(await kv.get('key'), 'value')
    assert.equal(await kv.setMany({ a: '1', b: '2' }), undefined)
    assert.equal(await kv.delete('key'), undefined)
    assert.equal(await kv.get('key'), null)
  })
})

describe('a last store that fails', () => {
  test('rejects writes, and nothing before it keeps them', async (t) => {
    const kv = instance(t)
    const memory = kv.addStore('memory')
    kv.addStore(...unreachable)
    await assert.rejects(kv.set('key', 'value'), { store: 'dynamodb', operation: 'set' })
    assert.equal(await memory.get('key'), null)
    const error = await rejectionOf(() => kv.setMany({ a: '1', b: '2' }))
    assert.deepEqual([error.code, [...error.errors.keys()]], ['ERR_REDKV_PARTIAL', ['a', 'b']])
    assert.deepEqual(await memory.getMany(['a', 'b']), [null, null])
  })

  test('rejects reads of what no store before it has', async (t) => {
    const kv = instance(t)
    const memory = kv.addStore('memory')
    kv.addStore(...unreachable)
    await memory.set('key', 'value')
    assert.equal(await kv.get('key'), 'value')
    await assert.rejects(kv.get('missing'), { store: 'dynamodb', operation: 'get' })
    await assert.rejects(kv.has('missing'), { store: 'dynamodb', operation: 'has' })
    const error = await rejectionOf(() => kv.getMany(['key', 'missing']))
    assert.deepEqual([error.values, [...error.errors.keys()]], [['value', undefined], ['missing']])
  })

  test('cannot be optional', async (t) => {
    const kv = instance(t)
    kv.addStore('memory', {}, { optional: true })
    await assert.rejects(kv.ready(), { name: 'TypeError', code: 'ERR_REDKV_ARGUMENT', field: 'optional' })
  })
})

describe('an error', () => {
  test('has a code, says where it comes from, and what caused it', async (t) => {
    const kv = instance(t)
    kv.addStore(...unreachable)
    const error = await rejectionOf(() => kv.get('key'))
    assert.ok(error instanceof RedKVError && error instanceof Error)
    assert.equal(error.name, 'RedKVError')
    assert.equal(error.code, 'ERR_REDKV_CONNECTION')
    assert.deepEqual([error.store, error.operation, error.retryable], ['dynamodb', 'get', true])
    assert.ok(error.cause instanceof Error)
    assert.match(String(error), /^RedKVError: dynamodb: /)
  })

  test('of many keys has the error of each key that failed', async (t) => {
    const kv = instance(t)
    kv.addStore(...unreachable)
    const error = await rejectionOf(() => kv.deleteMany(['a', 5]))
    assert.deepEqual([error.code, error.operation], ['ERR_REDKV_PARTIAL', 'deleteMany'])
    assert.deepEqual([...error.errors.keys()], ['a', '5'])
    assert.equal(error.cause, error.errors.get('a'))
    assert.ok(error.errors.get('5') instanceof RedKVError)
    assert.equal(error.values, undefined)
  })
})

test('the module is the class, with itself and the class of errors on it', () => {
  assert.equal(typeof RedKV, 'function')
  assert.equal(RedKV.name, 'RedKV')
  assert.equal(RedKV.RedKV, RedKV)
  assert.equal(RedKVError.name, 'RedKVError')
  assert.throws(() => RedKV(), TypeError)
})

test('the class can be extended', async (t) => {
  class Mine extends RedKV {
    async get(key) {
      return `mine: ${await super.get(key)}`
    }
  }
  const kv = new Mine()
  t.after(() => kv.close())
  kv.addStore('memory')
  await kv.set('key', 'value')
  assert.equal(await kv.get('key'), 'mine: value')
})
