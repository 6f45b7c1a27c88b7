'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const RedKV = require('../..')
const { isArgumentError, thrownBy } = require('../support/refused.js')

const table = { database: 'app', tableName: 'kv', keyColumn: 'k', valueColumn: 'v' }

/** Adds a store to a new instance, which connects to nothing that answers. */
function add(t, ...args) {
  const kv = new RedKV()
  t.after(() => kv.close({ timeout: 1 }))
  return kv.addStore(...args)
}

const refused = (...args) => thrownBy(() => new RedKV().addStore(...args))

describe('values of the clients of 1.x', () => {
  const here = { host: '127.0.0.1', port: 9 }
  const taken = {
    'a timeout of 0 of redis': ['redis', { ...here, connect_timeout: 0 }],
    'a timeout of 0 of ioredis': ['redis', { ...here, connectTimeout: 0 }],
    'a timeout of digits as text': ['redis', { ...here, connect_timeout: '5000' }],
    'a password that is a number': ['redis', { ...here, password: 12345 }],
    'a timeout of 0 of pg': ['postgres', { ...here, ...table, connectionTimeoutMillis: 0 }],
    'a size of the pool of pg': ['postgres', { ...here, ...table, poolSize: 5 }],
    'a timeout of 0 of mysql': ['mysql', { ...here, ...table, connectTimeout: 0, acquireTimeout: 0 }],
    'timeouts of 0 of the AWS SDK': [
      'dynamodb',
      { tableName: 't', region: 'us-east-1', httpOptions: { timeout: 0, connectTimeout: 0 } },
    ],
  }
  for (const [what, args] of Object.entries(taken)) {
    test(`${what} is taken`, (t) => {
      assert.equal(add(t, ...args).name, args[0])
    })
  }

  test('a profile of certificates is refused with what to give instead', () => {
    const error = refused('mysql', { ...table, ssl: 'Amazon RDS' })
    isArgumentError(error, 'ssl', 'mysql')
    assert.match(error.message, /give an object with its certificates as ca/)
  })

  test('text is no number where the types allow none', () => {
    isArgumentError(refused('memory', { maxEntries: '10' }), 'maxEntries', 'memory')
  })
})

describe('options that contradict each other', () => {
  test('under two names are refused with both', () => {
    const error = refused('redis', { password: 'one', auth_pass: 'another' })
    isArgumentError(error, 'auth_pass', 'redis')
    assert.match(error.message, /options\.password and options\.auth_pass are one option/)
  })

  test('in two nodes of a cluster are refused with the second', () => {
    const error = refused('redis', { cluster: ['redis://:one@a', 'redis://:another@b'] })
    isArgumentError(error, 'cluster', 'redis')
    assert.match(error.message, /options\.cluster\[1\] has another password/)
  })

  test('and credentials that hold none are refused by name', () => {
    for (const [store, option] of [['dynamodb', { tableName: 't' }], ['s3', { bucket: 'b' }]]) {
      isArgumentError(refused(store, { ...option, credentials: {} }), 'credentials', store)
    }
  })
})

describe('the name of what is wrong', () => {
  const messages = {
    'a parameter of a url': [
      ['postgres', { ...table, url: 'postgres://h/d?connection_limit=many' }],
      'postgres: the parameter connection_limit in options.url must be a whole number from 1 to 10000, got a string',
      'url',
    ],
    'a node of a cluster': [
      ['redis', { cluster: ['h'] }],
      'redis: options.cluster[0] is malformed, or does not start with redis:, rediss: or unix:; a host without a scheme is given as { host, port }',
      'cluster',
    ],
    'a nested option of a tier': [
      ['memory', {}, { compress: { algorithm: 'zstd', level: 99 } }],
      'memory: tierOptions.compress.level must be a whole number from 1 to 19, got 99',
      'level',
    ],
    'an option that false turns off': [
      ['memory', {}, { circuitBreaker: true }],
      'memory: tierOptions.circuitBreaker must be a whole number from 1 to 4294967295, or false, got true',
      'circuitBreaker',
    ],
    'two versions of TLS': [
      ['redis', { tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } }],
      "redis: options.tls.minVersion is 'TLSv1.3', which is newer than options.tls.maxVersion, 'TLSv1.2'",
      'maxVersion',
    ],
  }
  for (const [what, [args, message, field]] of Object.entries(messages)) {
    test(`is in the error about ${what}`, () => {
      const error = refused(...args)
      assert.equal(error.message, message)
      assert.equal(error.field, field)
    })
  }

  test('is the option without which there is no ttl', async (t) => {
    const tier = { ttl: '1m' }
    assert.match(refused('sqlite', { path: ':memory:' }, tier).message, /without the option expiresColumn/)
    assert.match(refused('postgres', { ...table, host: '127.0.0.1' }, tier).message, /without the option expiresColumn/)
    assert.match(refused('dynamodb', { tableName: 't', region: 'us-east-1' }, tier).message, /without the option ttlAttribute/)
    const store = add(t, 'sqlite', { path: ':memory:' })
    await assert.rejects(store.set('k', 'v', { ttl: 5 }), /without the option expiresColumn/)
  })

  test('says what was given, without an article where it has none', async (t) => {
    const kv = add(t, 'memory')
    await assert.rejects(kv.setMany(undefined), /, got undefined$/)
    await assert.rejects(kv.setMany([5]), /entries\[0\] must be a pair \[key, value\], got a number$/)
    await assert.rejects(kv.set('k', 'v', { ttl: 0 }), /got 0; leave it out/)
  })
})

describe('a URL as the path of a store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-url-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))

  for (const store of ['sqlite', 'file', 'disk']) {
    test(`of a file names it for ${store}`, async (t) => {
      const path = join(folder, `a ${store}`)
      const kv = new RedKV()
      t.after(() => kv.close())
      kv.addStore(store, { path: pathToFileURL(path) })
      await kv.set('k', 'v')
      await kv.close()
      const again = new RedKV()
      t.after(() => again.close())
      again.addStore(store, { path })
      assert.equal(await again.get('k'), 'v')
    })

    test(`of anything else is refused for ${store}`, () => {
      isArgumentError(refused(store, { path: new URL('https://example.com/kv') }), 'path', store)
    })
  }

  test('is none where a name is expected', () => {
    isArgumentError(refused('redis', { prefix: new URL('redis://h') }), 'prefix', 'redis')
  })
})
