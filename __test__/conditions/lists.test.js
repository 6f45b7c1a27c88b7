'use strict'

// Lists of keys behind a Proxy, of a class of their own, endless, or changed while their operation is in flight.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { isArgumentError, rejectionOf } = require('../support/refused.js')
const RedKV = require('../..')

class Keys extends Array {
  constructor(list) {
    super()
    this.push(...list)
  }
}

async function opened() {
  const kv = new RedKV()
  kv.addStore('memory')
  await kv.setMany({ k: '1', l: '2' })
  return kv
}

/** An instance whose only store fails, later than it is called. */
function failing(t) {
  const kv = new RedKV()
  kv.addStore('redis', { host: '127.0.0.1', port: 1 })
  t.after(() => kv.close({ timeout: 1 }))
  return kv
}

for (const count of [2, 1024, 1025, 3000]) {
  describe(`${count} keys`, () => {
    const list = Array.from({ length: count }, () => 'k')
    const expected = list.map(() => '1')
    const ways = {
      'behind a Proxy': new Proxy(list, {}),
      'behind two': new Proxy(new Proxy(list, {}), {}),
      'in a class of their own': new Keys(list),
      'from a generator': { *[Symbol.iterator]() { yield* list } },
      'in a Set that is read with its own iterator': new Set(list).add('k').add('l'),
    }
    for (const [way, keys] of Object.entries(ways)) {
      test(`are read ${way}`, async () => {
        const kv = await opened()
        assert.deepEqual(await kv.getMany(keys), keys instanceof Set ? ['1', '2'] : expected)
        assert.deepEqual(await kv.hasMany(keys), keys instanceof Set ? [true, true] : expected.map(() => true))
        await kv.deleteMany(keys)
        assert.equal(await kv.has('k'), false)
      })
    }
  })
}

describe('a list is refused', () => {
  for (const length of [2 ** 24 + 1, 2 ** 32 - 1]) {
    test(`that has a length of ${length} and nothing in it`, async () => {
      const kv = await opened()
      const keys = Object.assign([], { length })
      for (const operation of ['getMany', 'hasMany', 'deleteMany']) {
        isArgumentError(await rejectionOf(() => kv[operation](keys)), 'keys')
      }
    })
  }

  test('that has a hole at its beginning, however long it is', async () => {
    const kv = await opened()
    isArgumentError(await rejectionOf(() => kv.getMany(Object.assign([], { length: 2 ** 24 }))), 'key')
  })

  test('that has no end', async () => {
    const kv = await opened()
    const endless = { *[Symbol.iterator]() { for (;;) yield 'k' } }
    isArgumentError(await rejectionOf(() => kv.getMany(endless)), 'keys')
  })
})

describe('a list that changes after the call', () => {
  test('is what it was when it was called', async (t) => {
    const kv = failing(t)
    const keys = ['a', 'b']
    const reading = rejectionOf(() => kv.getMany(keys))
    keys.length = 0
    const { code, errors, message } = await reading
    assert.equal(code, 'ERR_REDKV_PARTIAL')
    assert.deepEqual([...errors.keys()], ['a', 'b'])
    assert.match(message, /failed for 2 of 2 keys/)
  })

  test('keeps nobody waiting, whatever is in it by then', async (t) => {
    const kv = failing(t)
    const keys = ['a', 'b']
    const reading = rejectionOf(() => kv.getMany(keys))
    keys[0] = Object.create(null)
    const others = Array.from({ length: 20 }, (_, n) => rejectionOf(() => kv.get(`other ${n}`)))
    assert.equal((await reading).code, 'ERR_REDKV_PARTIAL')
    assert.equal((await Promise.all(others)).length, 20)
    assert.equal(kv.stats().pending.operations ?? kv.stats().pending, 0)
  })
})

describe('entries', () => {
  test('are the getters and inherited fields of an object too', async () => {
    class Entries {
      own = 'of its own'
      get got() {
        return 'by a getter'
      }
      method() {}
    }
    const kv = await opened()
    await kv.setMany(new Entries())
    await kv.setMany(Object.create({ inherited: 'from its prototype' }))
    assert.deepEqual(await kv.getMany(['own', 'got', 'inherited', 'method', 'constructor']), [
      ...['of its own', 'by a getter', 'from its prototype'],
      ...[null, null],
    ])
  })

  for (const [name, entries] of [['a Promise', Promise.resolve({ a: '1' })], ['a Date', new Date()], ['a RegExp', /a/]]) {
    test(`are refused in ${name}, of which nothing would be written`, async () => {
      const kv = await opened()
      isArgumentError(await rejectionOf(() => kv.setMany(entries)), 'entries')
    })
  }
})

describe('an operation on one key as the function of an iteration', () => {
  test('takes no index for options', async () => {
    const kv = await opened()
    const keys = ['k', 'l', 'm']
    assert.deepEqual(await Promise.all(keys.map(kv.get, kv)), ['1', '2', null])
    assert.deepEqual(await Promise.all(keys.map(kv.getBuffer, kv)), [Buffer.from('1'), Buffer.from('2'), null])
    assert.deepEqual(await Promise.all(Array.from(keys, kv.has, kv)), [true, true, false])
    await Promise.all(keys.map(kv.delete, kv))
    assert.deepEqual(await kv.hasMany(keys), [false, false, false])
  })

  test('takes the key that a Set hands over again for no options', async () => {
    const kv = await opened()
    new Set(['k']).forEach(kv.delete, kv)
    assert.equal(await kv.has('k'), false)
  })

  test('refuses other options as before', async () => {
    const kv = await opened()
    isArgumentError(await rejectionOf(() => kv.get('k', { ttl: 5 })), 'ttl')
    isArgumentError(await rejectionOf(() => kv.get('k', 'l')), 'options')
    isArgumentError(await rejectionOf(() => kv.get('k', null)), 'options')
    isArgumentError(await rejectionOf(() => kv.set('k', 'v', 5)), 'options')
  })
})
