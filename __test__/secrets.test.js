'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('..')
const { rejectionOf, thrownBy } = require('./support/refused.js')

const secret = 'hunter2secret'

/** Where nobody listens: the discard port, which browsers and firewalls leave alone, too. */
const nowhere = '127.0.0.1:9'

/** Asserts that nothing about `value` shows the secret. */
function keepsSecret(value) {
  const everything = { showHidden: true, depth: Infinity, getters: true }
  const texts = [
    String(value),
    inspect(value),
    inspect(value, everything),
    inspect(value, { ...everything, customInspect: false }),
    JSON.stringify(value),
    JSON.stringify(value, Object.getOwnPropertyNames(value)),
    String(value.message),
    String(value.stack),
    inspect(value.cause, everything),
    Object.getOwnPropertyNames(value).map((name) => inspect(value[name], everything)).join(),
  ]
  assert.ok(!texts.join('\n').includes(secret), texts.join('\n'))
}

/** Arguments of `addStore` with a password in them, and the name of the one that is wrong. */
const refused = {
  'an unknown option beside the password': ['hots', 'redis', { password: secret, hots: 'localhost' }],
  'an unknown option of the tier beside the password': ['timout', 'redis', { password: secret }, { timout: 5 }],
  'a password of a wrong type': ['password', 'redis', { password: { value: secret } }],
  'the password in the place of the port': ['port', 'redis', { port: secret }],
  'the password in the place of a switch': ['tls', 'redis', { tls: secret }],
  'the password in the place of the options': ['options', 'redis', secret],
  'an address of another service': ['url', 'redis', { url: `https://user:${secret}@localhost` }],
  'an address with a wrong port': ['url', 'redis', { url: `redis://user:${secret}@localhost:99999` }],
  'an address that is none': ['url', 'redis', { url: `redis//user:${secret}@localhost` }],
  'an address in the place of the name': ['name', `redis://user:${secret}@localhost`],
  'a key without its other half': ['accessKeyId', 'dynamodb', { tableName: 't', secretAccessKey: secret }],
  'keys of a wrong type': ['accessKeyId', 'dynamodb', { tableName: 't', accessKeyId: 5, secretAccessKey: secret }],
  'keys in an object with an unknown field': [
    'sesionToken',
    'dynamodb',
    { tableName: 't', credentials: { accessKeyId: 'id', secretAccessKey: secret, sesionToken: 'x' } },
  ],
  'a bucket with credentials': ['bucket', 's3', { bucket: `https://user:${secret}@localhost/bucket` }],
  'a prefix that is an address': ['prefix', 's3', { bucket: 'b', prefix: `https://user:${secret}@localhost` }],
  'an endpoint with credentials': ['endpoint', 'dynamodb', { tableName: 't', endpoint: `http://user:${secret}@localhost` }],
}

describe('an error of addStore does not show a password', () => {
  for (const [title, [field, ...args]] of Object.entries(refused)) {
    test(`for ${title}`, () => {
      const error = thrownBy(() => new RedKV().addStore(...args))
      assert.ok(error instanceof TypeError)
      assert.equal(error.field, field)
      keepsSecret(error)
    })
  }
})

const unreachable = {
  'redis with a password': ['redis', { host: '127.0.0.1', port: 9, username: 'user', password: secret }],
  'redis with sentinels': [
    'redis',
    { sentinels: [{ host: '127.0.0.1', port: 9 }], name: 'main', password: secret, sentinelPassword: secret },
  ],
  'redis with a cluster': ['redis', { cluster: [`redis://user:${secret}@${nowhere}`] }],
  'redis with an address': ['redis', { url: `redis://user:${secret}@${nowhere}/0` }],
  's3 with keys': [
    's3',
    { bucket: 'b', endpoint: `http://${nowhere}`, accessKeyId: 'id', secretAccessKey: secret, maxRetries: 0 },
  ],
  'dynamodb with keys': [
    'dynamodb',
    { tableName: 't', endpoint: `http://${nowhere}`, region: 'us-east-1', accessKeyId: 'id', secretAccessKey: secret, maxRetries: 0 },
  ],
}

describe('a store that cannot be reached does not show its password', () => {
  for (const [title, [name, options]] of Object.entries(unreachable)) {
    test(`as ${title}`, async (t) => {
      const kv = new RedKV()
      t.after(() => kv.close())
      const store = kv.addStore(name, options)
      const errors = await Promise.all([
        rejectionOf(() => kv.ready()),
        rejectionOf(() => kv.get('key')),
        rejectionOf(() => kv.set('key', secret)),
        rejectionOf(() => kv.setMany({ a: secret, b: secret })),
      ])
      errors.forEach(keepsSecret)
      keepsSecret(kv)
      keepsSecret(store)
      await kv.close()
      keepsSecret(kv)
    })
  }
})

test('an error does not show the value that it is about', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  kv.addStore('sqlite', { path: ':memory:' })
  keepsSecret(await rejectionOf(() => kv.set('key', secret, { ttl: 1000 })))
  keepsSecret(await rejectionOf(() => kv.set('key', { secret })))
  keepsSecret(await rejectionOf(() => kv.set('key', `${secret}\ud800`)))
  keepsSecret(await rejectionOf(() => kv.set('key', secret, secret)))
  keepsSecret(await rejectionOf(() => kv.set('key', 'value', { ttl: secret })))
})

test('what inspect shows of an instance are its stores, in order', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  assert.equal(inspect(kv), 'RedKV()')
  const store = kv.addStore('Memory')
  kv.addStore('sqlite', { path: ':memory:' })
  assert.equal(inspect(kv), 'RedKV(memory > sqlite)')
  assert.equal(inspect(store), 'Store(memory)')
  await kv.close()
  assert.equal(inspect(kv), 'RedKV(memory > sqlite, closed)')
})
