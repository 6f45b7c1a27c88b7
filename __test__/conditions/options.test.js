'use strict'

// Options by getter or prototype, or in something that is no object with options.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

const addError = (...args) => thrownBy(() => new RedKV().addStore(...args))

/** How many of four entries a memory store with these options keeps. */
async function kept(options) {
  const kv = new RedKV()
  kv.addStore('memory', options)
  await kv.setMany({ a: '1', b: '2', c: '3', d: '4' })
  const has = await kv.hasMany(['a', 'b', 'c', 'd'])
  return has.filter(Boolean).length
}

class Settings {
  #maxEntries = 2

  get maxEntries() {
    return this.#maxEntries
  }

  validate() {}
}

class MoreSettings extends Settings {}

class WithAccessor {
  static #key = Symbol('maxEntries')
  constructor() {
    this[WithAccessor.#key] = 2
  }
  get maxEntries() {
    return this[WithAccessor.#key]
  }
  set maxEntries(_) {}
}

describe('options hold', () => {
  const ways = {
    'by a getter of their class': () => new Settings(),
    'by a getter of the class that theirs extends': () => new MoreSettings(),
    'by a getter with a setter': () => new WithAccessor(),
    'by their prototype': () => Object.create({ maxEntries: 2 }),
    'by a prototype without one': () => Object.create(Object.assign(Object.create(null), { maxEntries: 2 })),
    'by a getter of their own': () => ({ get maxEntries() { return 2 } }),
    'that are not enumerable': () => Object.defineProperty({}, 'maxEntries', { value: 2 }),
    'behind a Proxy': () => new Proxy({ maxEntries: 2 }, {}),
    'without a prototype': () => Object.assign(Object.create(null), { maxEntries: 2 }),
    'beside what a library for configurations has hidden there': () =>
      Object.defineProperties({ maxEntries: 2 }, { get: { value() {} }, util: { value: {} } }),
  }
  for (const [way, make] of Object.entries(ways)) {
    test(way, async () => {
      assert.equal(await kept(make()), 2)
    })
  }

  test('in the objects among them', () => {
    class Tls {
      get rejectUnauthorised() {
        return false
      }
    }
    isArgumentError(addError('redis', { tls: new Tls() }), 'rejectUnauthorised', 'redis')
    class Credentials {
      get accessKeyId() {
        return 'id'
      }
    }
    isArgumentError(addError('s3', { bucket: 'b', credentials: new Credentials() }), 'secretAccessKey', 's3')
    class Sentinel {
      get prot() {
        return 1
      }
    }
    isArgumentError(addError('redis', { sentinels: [new Sentinel()], name: 'main' }), 'prot', 'redis')
  })

  test('of a whole instance, onMetrics among them', async (t) => {
    // The timer of the metrics keeps no process alive.
    const wait = setInterval(() => {}, 1000)
    t.after(() => clearInterval(wait))
    const stats = await new Promise((resolve) => {
      class Options {
        get metricsInterval() {
          return 1
        }
        onMetrics(stats) {
          resolve(stats)
        }
      }
      const kv = new RedKV(new Options())
      kv.addStore('memory')
      t.after(() => kv.close())
    })
    assert.equal(stats.stores.length, 1)
  })

  test('of an operation', async () => {
    class Options {
      get ttl() {
        return 0
      }
    }
    const kv = new RedKV()
    kv.addStore('memory')
    isArgumentError(await rejectionOf(() => kv.set('key', 'value', new Options())), 'ttl')
  })

  test('and each of them is read once', () => {
    let reads = 0
    const options = {
      get maxEntries() {
        reads += 1
        return reads
      },
    }
    new RedKV().addStore('memory', options)
    assert.equal(reads, 1)
  })

  test('whatever others have put on the prototype of all objects', async (t) => {
    t.after(() => delete Object.prototype.shared)
    // eslint-disable-next-line no-extend-native
    Object.prototype.shared = 1
    assert.equal(await kept({ maxEntries: 2 }), 2)
    const kv = new RedKV()
    kv.addStore('memory')
    await kv.set('key', 'value', { ttl: 1000 })
    assert.equal(await kv.get('key', { signal: undefined }), 'value')
  })
})

describe('options are refused', () => {
  test('by a misspelt getter', async () => {
    class Misspelt {
      get maxEntires() {
        return 2
      }
      get tll() {
        return 5
      }
    }
    assert.match(addError('memory', new Misspelt()).message, /unknown option 'maxEntires'|unknown option 'tll'/)
    const kv = new RedKV()
    kv.addStore('memory')
    const error = await rejectionOf(() => kv.set('key', 'value', new Misspelt()))
    isArgumentError(error, 'maxEntires')
  })

  const others = {
    'a Promise': Promise.resolve({ maxEntries: 2 }),
    'a Map': new Map([['maxEntries', 2]]),
    'a Set': new Set(['maxEntries']),
    'a Date': new Date(),
    'a RegExp': /maxEntries/,
    'an array': [['maxEntries', 2]],
    'a function': Settings,
    'an object around a primitive': new String('maxEntries'),
  }
  for (const [name, options] of Object.entries(others)) {
    test(`that are ${name}, which is said`, () => {
      const error = addError('memory', options)
      isArgumentError(error, 'options', 'memory')
      assert.equal(error.message, `memory: options must be an object, got ${name}`)
    })
  }

  for (const name of ['a Promise', 'a Map', 'a Date', 'an array']) {
    test(`of an operation that are ${name}`, async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      const error = await rejectionOf(() => kv.set('key', 'value', others[name]))
      isArgumentError(error, 'options')
      assert.match(error.message, new RegExp(`got ${name}$`))
    })
  }

  test('with the error of a getter that throws', () => {
    const options = { get maxEntries() { throw new RangeError('from the getter') } }
    assert.throws(() => new RedKV().addStore('memory', options), { name: 'RangeError', message: 'from the getter' })
  })

  for (const [name, make] of [['value', (text) => ({ prefix: text })], ['name', (text) => ({ [text]: 1 })]]) {
    test(`for a lone surrogate in a ${name}, and the option is named`, () => {
      const error = addError('redis', make('\uD800'))
      isArgumentError(error, name === 'value' ? 'prefix' : '\uFFFD', 'redis')
    })
  }

  test('for bytes that are no text', () => {
    const error = addError('redis', { password: Buffer.from([0xff, 0xfe]) })
    isArgumentError(error, 'password', 'redis')
    assert.match(error.message, /got bytes that are no text/)
  })

  test('for objects that have no end', () => {
    const endless = { get tls() { return endless } }
    isArgumentError(addError('redis', endless), 'tls', 'redis')
    const deeper = () => ({ get tls() { return deeper() } })
    isArgumentError(addError('redis', deeper()), 'tls', 'redis')
    isArgumentError(addError('redis', { cluster: Object.assign([], { length: 2 ** 32 - 1 }) }), 'cluster', 'redis')
  })
})

describe('an option in a wrong place is refused with the place where it belongs', () => {
  const places = {
    'of a tier': [addError.bind(null, 'memory', { ttl: 5 }), 'ttl', 'into the third argument of addStore()'],
    'of the store': [addError.bind(null, 'redis', {}, { host: 'h' }), 'host', 'into the second argument of addStore()'],
    'of the whole chain': [addError.bind(null, 'memory', { maxPending: 5 }), 'maxPending', 'into the argument of new RedKV()'],
  }
  for (const [whose, [refused, field, place]] of Object.entries(places)) {
    test(whose, () => {
      const error = refused()
      isArgumentError(error, field, error.store)
      assert.ok(error.message.endsWith(place), error.message)
    })
  }

  test('also given to new RedKV()', () => {
    const error = thrownBy(() => new RedKV({ ttl: 5 }))
    isArgumentError(error, 'ttl')
    assert.match(error.message, /third argument of addStore/)
  })
})

describe('a store with many options of an older client', () => {
  test('gives one warning, which names them all', async (t) => {
    const warnings = []
    const note = ({ name, message }) => warnings.push(`${name}: ${message}`)
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    const kv = new RedKV()
    t.after(() => kv.close())
    const older = { host: '127.0.0.1', port: 9, auth_pass: 'secret', no_ready_check: true, family: 'IPv4', retry_strategy() {} }
    kv.addStore('redis', older, { async: true })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(warnings.length, 1)
    for (const name of ['auth_pass', 'no_ready_check', 'family', 'retry_strategy', 'async']) assert.match(warnings[0], new RegExp(name))
    assert.doesNotMatch(warnings[0], /secret/)
  })
})
