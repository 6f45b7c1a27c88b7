'use strict'

// How data structures are made, configured, watched and closed.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

const { Structures } = RedKV

function opened(t, options, policy) {
  const db = new Structures('memory', options, policy)
  t.after(() => db.close())
  return db
}

describe('a wrong backend or option is refused', () => {
  for (const [name, message] of [
    ['memori', /there is no backend 'memori' of data structures; did you mean 'memory'\? \(there are memory/],
    ['mongo', /there is no backend 'mongo' of data structures \(there are memory/],
    ['redis://user:secret@host', /there is no such backend of data structures \(there are memory/],
  ]) {
    test(`by its name: ${name.split(':')[0]}`, () => {
      const error = thrownBy(() => new Structures(name))
      isArgumentError(error, 'name')
      assert.match(error.message, message)
      assert.match(error.stack.split('\n')[1], /life\.test\.js/)
    })
  }

  for (const name of [undefined, null, 5, {}, Symbol('memory')]) {
    test(`where the name is ${typeof name === 'symbol' ? 'a symbol' : JSON.stringify(name)}`, () => {
      isArgumentError(thrownBy(() => new Structures(name)), 'name')
    })
  }

  for (const [field, options, policy, message] of [
    ['unknown', { unknown: 1 }, undefined, /unknown option 'unknown'/],
    ['limits', { limits: 'redis' }, undefined, /limits must be 'dynamodb'/],
    ['retries', { retries: -1 }, undefined, /retries must be/],
    ['timeout', { timeout: 5 }, undefined, /it belongs to the policy: into the third argument of new Structures\(\)/],
    ['maxPending', { maxPending: 5 }, undefined, /it belongs to the policy/],
    ['circuitBreaker', { circuitBreaker: false }, undefined, /it belongs to the policy/],
    ['prefix', { prefix: 'p:' }, undefined, /it belongs to the policy/],
    ['name', { name: 'n' }, undefined, /it belongs to the policy/],
    ['ttl', undefined, { ttl: '5s' }, /data structures have no time to live/],
    ['writeBehind', undefined, { writeBehind: true }, /it belongs to a chain/],
    ['onMetrics', undefined, { onMetrics: () => {} }, /onMetrics/],
    ['limits', undefined, { limits: 'dynamodb' }, /it belongs to the options: into the second argument of new Structures\(\)/],
    ['retries', undefined, { retries: 3 }, /it belongs to the options/],
    ['timeout', undefined, { timeout: 'soon' }, /timeout must be/],
    ['options', 5, undefined, /options must be an object/],
    ['policy', undefined, 'text', /policy must be an object/],
    ['options', new Map(), undefined, /options/],
  ]) {
    test(`by its name: ${field} of ${inspect(options ?? policy, { depth: 0 })}`, () => {
      const error = thrownBy(() => new Structures('memory', options, policy))
      assert.deepEqual([error.code, error.field], ['ERR_REDKV_ARGUMENT', field], error.message)
      assert.match(error.message, message)
      assert.match(error.stack.split('\n')[1], /life\.test\.js/)
    })
  }

  test('where it is called without new', () => {
    assert.throws(() => Structures('memory'), TypeError)
  })
})

describe('data structures', () => {
  test('have a name in any case, and are shown with it', async (t) => {
    const db = new Structures('MEMORY')
    assert.equal(inspect(db), 'Structures(memory)')
    await db.close()
    assert.equal(inspect(db), 'Structures(memory, closed)')
  })

  test('can be used at once; ready() and createTable() do nothing in memory', async (t) => {
    const db = opened(t)
    assert.equal(await db.createTable(), undefined)
    assert.equal(await db.ready(), undefined)
    assert.equal(await db.createTable({ signal: new AbortController().signal }), undefined)
    await db.set('k', 'v')
    assert.equal(await db.get('k'), 'v')
  })

  test('of two instances are apart', async (t) => {
    const [one, two] = [opened(t), opened(t)]
    await Promise.all([one.set('k', '1'), two.set('k', '2')])
    assert.deepEqual(await Promise.all([one.get('k'), two.get('k')]), ['1', '2'])
    await one.close()
    assert.equal(await two.get('k'), '2')
  })

  test('may be of a class of their own, and behind a Proxy', async (t) => {
    class Users extends Structures {
      constructor() {
        super('memory')
      }
      add(name) {
        return this.setNX(name, 1)
      }
    }
    const users = new Users()
    t.after(() => users.close())
    const proxied = new Proxy(users, {})
    assert.deepEqual([await users.add('ada'), await proxied.add('ada')], [true, false])
    assert.equal(await proxied.incrBy('n', 1n), 1n)
  })

  test('hold the limits of DynamoDB, for development', async (t) => {
    const db = opened(t, { limits: 'dynamodb' })
    isArgumentError(await rejectionOf(() => db.set('k'.repeat(2049), 'v')), 'key', 'memory')
    isArgumentError(await rejectionOf(() => db.set('', 'v')), 'key', 'memory')
    isArgumentError(await rejectionOf(() => db.set('k', Buffer.alloc((400 << 10) + 1))), 'value', 'memory')
    isArgumentError(await rejectionOf(() => db.zAdd('k', 'm'.repeat(1017), 1)), 'member', 'memory')
    isArgumentError(await rejectionOf(() => db.zhAdd('k', 'f'.repeat(1017), 'm', 1)), 'field', 'memory')
    isArgumentError(await rejectionOf(() => db.zhRem('k', ['f', 'f'.repeat(1017)])), 'fields', 'memory')
    const error = await rejectionOf(() => db.zScore('k', ''))
    isArgumentError(error, 'member', 'memory')
    assert.equal(error.operation, 'zScore')
    await db.zAdd('k'.repeat(2048), 'm'.repeat(1016), 1)
  })

  test('hold them in an atomic write, which says where', async (t) => {
    const write = opened(t, { limits: 'dynamodb' }).atomicWrite()
    write.set('k', 'v')
    write.zhAdd('k', 'f'.repeat(1017), 'm', 1)
    const error = await rejectionOf(() => write.exec())
    isArgumentError(error, 'field', 'memory')
    assert.match(error.message, /\(operation 1 of the atomic write, zhAdd\)$/)
  })

  test('under a prefix are used by keys without it', async (t) => {
    const db = opened(t, {}, { prefix: 'app:' })
    await db.zAdd('z', 'm', 1)
    const write = db.atomicWrite()
    write.set('k', 'v')
    await write.exec()
    assert.deepEqual([await db.get('k'), await db.zRangeByScore('z', 0, 1)], ['v', ['m']])
  })

  test('are refused beyond maxPending, and all others answered', async (t) => {
    const db = opened(t, {}, { maxPending: 3 })
    const taken = [db.set('a', 1), db.set('b', 2), db.get('a')]
    const { code, operation, field, retryable, outcome } = await rejectionOf(() => db.get('b'))
    assert.deepEqual([code, operation, field, retryable, outcome], ['ERR_REDKV_OVERLOAD', 'get', 'maxPending', true, 'not-applied'])
    assert.deepEqual(await Promise.all(taken), [undefined, undefined, '1'])
    assert.equal(await db.get('b'), '2')
    const write = db.atomicWrite()
    'abcd'.split('').forEach((key) => write.set(key, 1))
    assert.deepEqual(await rejectionOf(() => write.exec()).then(({ code, retryable }) => [code, retryable]), ['ERR_REDKV_OVERLOAD', false])
  })

  test('are refused beyond maxPendingBytes', async (t) => {
    const db = opened(t, {}, { maxPendingBytes: 1000 })
    const { code, field } = await rejectionOf(() => db.sAdd('s', Buffer.alloc(1001)))
    assert.deepEqual([code, field], ['ERR_REDKV_OVERLOAD', 'maxPendingBytes'])
  })
})

describe('a closed instance', () => {
  test('refuses everything, and closes again', async (t) => {
    const db = new Structures('memory')
    const write = db.set('k', 'v')
    assert.equal(await db.close(), undefined)
    assert.equal(await write, undefined)
    assert.equal(await db.close({ timeout: 5 }), undefined)
    const codes = [
      () => db.get('k'),
      () => db.set('k', 'v'),
      () => db.hGetAll('k'),
      () => db.zIterate('k').next(),
      () => db.createTable(),
      () => db.ready(),
    ].map((call) => rejectionOf(call).then(({ code }) => code))
    assert.deepEqual(new Set(await Promise.all(codes)), new Set(['ERR_REDKV_CLOSED']))
    assert.equal(typeof db.stats(), 'object')
  })

  test('says what was called', async () => {
    const db = new Structures('memory')
    await db.close()
    assert.equal((await rejectionOf(() => db.zScore('k', 'm'))).operation, 'zScore')
    assert.equal((await rejectionOf(() => db.createTable())).operation, 'createTable')
  })

  test('closes with the block that has it', async () => {
    const db = new Structures('memory')
    await db[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]()
    assert.equal((await rejectionOf(() => db.get('k'))).code, 'ERR_REDKV_CLOSED')
  })
})

describe('stats()', () => {
  test('counts calls and errors of each operation', async (t) => {
    const db = opened(t, {}, { name: 'users' })
    await Promise.all([db.set('k', 'v'), db.get('k'), db.get('k'), rejectionOf(() => db.sAdd('k', 'm'))])
    const write = db.atomicWrite()
    write.set('k', 'w')
    await write.exec()
    const { name, store, operations, errors, pending, isDown } = db.stats()
    assert.deepEqual([name, store, pending, isDown], ['users', 'memory', 0, false])
    const counted = Object.entries(operations).map(([operation, { calls, errors }]) => [operation, calls, errors])
    assert.deepEqual(counted.sort(), [['atomicWrite', 1, 0], ['get', 2, 0], ['sAdd', 1, 1], ['set', 1, 0]])
    assert.equal(operations.get.latency.count, 2)
    assert.equal(errors.ERR_REDKV_TYPE ?? 0, errors.ERR_REDKV_TYPE ?? 0)
  })

  test('counts nothing of what was refused before it was sent', async (t) => {
    const db = opened(t)
    await rejectionOf(() => db.get(null))
    assert.deepEqual(db.stats().operations, {})
  })
})

test('a listener for request may be added and removed', async (t) => {
  const db = opened(t)
  const listener = () => {}
  db.on('request', listener)
  db.once('request', listener)
  await db.set('k', 'v')
  db.removeAllListeners()
  await db.get('k')
  assert.equal(db.listenerCount('request'), 0)
})

test('both kinds of modules export the same class', async () => {
  const module = await import('../../index.mjs')
  assert.equal(module.Structures, Structures)
  assert.equal(module.default.Structures, Structures)
  assert.equal(RedKV.RedKV.Structures, Structures)
})
