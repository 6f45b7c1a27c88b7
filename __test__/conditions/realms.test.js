'use strict'

// In another realm: values that come from one, and the module itself in one, as under Jest.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const RedKV = require('../..')
const { freshContext, loadInto } = require('../support/realm.js')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

const pem = '-----BEGIN CERTIFICATE-----\nMIIBezCCASGgAwIBAgIUc2VsZi1tYWRl\n-----END CERTIFICATE-----\n'

/** What a url says to a store that reads it: that it took it for a text, if it names what is wrong in it. */
const ofUrl = (kv, url) => thrownBy(() => kv.addStore('redis', { url }))

async function opened() {
  const kv = new RedKV()
  kv.addStore('memory')
  await kv.setMany({ k: '1', l: '2' })
  return kv
}

describe('from another realm', () => {
  const context = vm.createContext({ numbers: [...Buffer.from('text é')], pem: [...Buffer.from(pem)] })
  const made = (code) => vm.runInContext(code, context)

  test('bytes are a value', async () => {
    const kv = await opened()
    await kv.set('k', made('new Uint8Array(numbers)'))
    assert.equal(await kv.get('k'), 'text é')
  })

  for (const [name, code] of [
    ['a Uint8Array', 'new Uint8Array(pem)'],
    ['an ArrayBuffer', 'new Uint8Array(pem).buffer'],
    ['a DataView', 'new DataView(new Uint8Array(pem).buffer)'],
    ['bytes of a SharedArrayBuffer', '{ const b = new Uint8Array(new SharedArrayBuffer(pem.length)); b.set(pem); b }'],
  ]) {
    test(`a certificate in ${name} is read as one from here`, () => {
      const read = (ca) => thrownBy(() => new RedKV().addStore('redis', { tls: { ca } })).message
      assert.equal(read(made(code)), read(Buffer.from(pem)))
      assert.equal(read([made(code)]), read(Buffer.from(pem)))
    })
  }

  test('options are an object, and lists are lists', async () => {
    const kv = new RedKV()
    kv.addStore('memory', made('({ maxEntries: 2 })'))
    await kv.setMany(made('[["a", "1"], ["b", "2"], ["c", "3"]]'))
    const has = await kv.hasMany(made('["a", "b", "c"]'))
    assert.equal(has.filter(Boolean).length, 2)
    await kv.set('d', '4', made('({ ttl: 1000 })'))
    assert.equal(await kv.get('d', made('({})')), '4')
    isArgumentError(await rejectionOf(() => kv.get('d', made('({ tll: 5 })'))), 'tll')
    isArgumentError(thrownBy(() => new RedKV().addStore('memory', made('new Map()'))), 'options', 'memory')
  })

  test('entries are a Map, a Set of pairs or an object', async () => {
    const kv = await opened()
    await kv.setMany(made('new Map([["m", "of a map"]])'))
    await kv.setMany(made('new Set([["s", "of a set"]])'))
    await kv.setMany(made('({ o: "of an object" })'))
    assert.deepEqual(await kv.getMany(made('new Set(["m", "s", "o"])')), ['of a map', 'of a set', 'of an object'])
    isArgumentError(await rejectionOf(() => kv.setMany(made('Promise.resolve({})'))), 'entries')
    isArgumentError(await rejectionOf(() => kv.setMany(made('new Date()'))), 'entries')
  })

  test('an address is one by what it is called', () => {
    class URL {
      get [Symbol.toStringTag]() {
        return 'URL'
      }
      get href() {
        return 'redis://localhost/no-number'
      }
    }
    const kv = new RedKV()
    assert.equal(ofUrl(kv, new URL()).message, ofUrl(kv, 'redis://localhost/no-number').message)
  })
})

describe('an AbortSignal of another maker', () => {
  /** As the packages `abort-controller` and `node-abort-controller` make them. */
  class Signal extends EventTarget {
    aborted = false
    abort() {
      this.aborted = true
      this.dispatchEvent(new Event('abort'))
    }
  }

  test('ends the waiting, with an AbortError where it has no reason', async (t) => {
    const kv = new RedKV()
    kv.addStore('redis', { host: '127.0.0.1', port: 1 }, { circuitBreaker: false })
    t.after(() => kv.close({ timeout: 1 }))
    const signal = new Signal()
    const reading = rejectionOf(() => kv.get('k', { signal }))
    signal.abort()
    assert.equal((await reading).name, 'AbortError')
    assert.equal((await rejectionOf(() => kv.get('k', { signal }))).name, 'AbortError')
  })

  test('that cannot be listened to rejects once, with its own error', async (t) => {
    const kv = new RedKV()
    kv.addStore('redis', { host: '127.0.0.1', port: 1 })
    t.after(() => kv.close({ timeout: 1 }))
    const signal = {
      aborted: false,
      addEventListener() {
        throw new RangeError('from the signal')
      },
      removeEventListener() {},
    }
    // An operation that nobody hears of would be an unhandled rejection, which fails this test.
    await assert.rejects(kv.get('k', { signal }), { name: 'RangeError' })
    await rejectionOf(() => kv.get('k'))
  })
})

describe('loaded in another realm', () => {
  test('it takes what Node.js makes', async () => {
    const Inside = loadInto(freshContext())
    const kv = new Inside()
    kv.addStore('memory', { maxEntries: 10 })
    await kv.set('bytes', Buffer.from('of Node.js'))
    await kv.setMany(new Map([['m', 'of a map']]))
    await kv.set('t', 'v', { ttl: 1000, signal: new AbortController().signal })
    assert.deepEqual(Array.from(await kv.getMany(['bytes', 'm', 't'])), ['of Node.js', 'of a map', 'v'])
    assert.ok(Buffer.isBuffer(await kv.getBuffer('m')))
    const read = (ca) => thrownBy(() => kv.addStore('redis', { tls: { ca } })).message
    assert.equal(read(Buffer.from(pem)), read(pem))
    assert.equal(ofUrl(kv, new URL('redis://localhost/no-number')).message, ofUrl(kv, 'redis://localhost/no-number').message)
    await kv.close()
  })

  test('its errors have the same properties, and options are read as here', async () => {
    const Inside = loadInto(freshContext())
    const error = thrownBy(() => new Inside().addStore('memory', { maxEntires: 1 }))
    assert.deepEqual([error.name, error.code, error.field], ['TypeError', 'ERR_REDKV_ARGUMENT', 'maxEntires'])
    class Settings {
      get maxEntires() {
        return 1
      }
    }
    assert.equal(thrownBy(() => new Inside().addStore('memory', new Settings())).field, 'maxEntires')
    assert.throws(() => new Inside().addStore('memory', Promise.resolve({})), /got a Promise/)
  })
})
