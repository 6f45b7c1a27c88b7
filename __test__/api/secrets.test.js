'use strict'

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')
const { rejectionOf, thrownBy } = require('../support/refused.js')

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
  'an address in the place of a database': [
    'database',
    'postgres',
    { database: `postgres://user:${secret}@localhost/app`, tableName: 't', keyColumn: 'k', valueColumn: 'v' },
  ],
  'an address in the place of a database of mysql': [
    'database',
    'mysql',
    { database: `mysql://user:${secret}@localhost/app`, tableName: 't', keyColumn: 'k', valueColumn: 'v' },
  ],
  'an address in the place of the name of a session': [
    'application_name',
    'postgres',
    { application_name: `postgres://user:${secret}@localhost/app`, tableName: 't', keyColumn: 'k', valueColumn: 'v' },
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

const sql = { tableName: 't', keyColumn: 'k', valueColumn: 'v', host: '127.0.0.1', port: 9 }
const stores = {
  redis: { host: '127.0.0.1', port: 9 },
  postgres: { ...sql },
  mysql: { ...sql, database: 'd' },
  dynamodb: { tableName: 't', region: 'eu-west-1', endpoint: `http://${nowhere}`, maxRetries: 0 },
  s3: { bucket: 'b', region: 'eu-west-1', endpoint: `http://${nowhere}`, maxRetries: 0 },
  sqlite: {},
  file: {},
  disk: {},
}
const key = { accessKeyId: 'id', secretAccessKey: 'other' }
const sentinels = { host: undefined, port: undefined, sentinels: [{ host: '127.0.0.1', port: 9 }], name: 'main' }

/** Options that are secret, or in whose place a secret may come: for each store, how a value is given for each. */
const places = {
  redis: {
    password: (value) => ({ password: value }),
    auth_pass: (value) => ({ auth_pass: value }),
    username: (value) => ({ username: value }),
    url: (value) => ({ host: undefined, url: value }),
    host: (value) => ({ host: value }),
    path: (value) => ({ path: value }),
    'tls.key': (value) => ({ tls: { cert: 'none', key: value } }),
    'tls.key[0].pem': (value) => ({ tls: { cert: 'none', key: [{ pem: value }] } }),
    'tls.passphrase': (value) => ({ tls: { passphrase: value } }),
    'tls.pfx': (value) => ({ tls: { pfx: value } }),
    'tls.ca': (value) => ({ tls: { ca: value } }),
    'tls.servername': (value) => ({ tls: { servername: value, ca: 'none' } }),
    sentinelPassword: (value) => ({ ...sentinels, sentinelPassword: value }),
    sentinels: (value) => ({ ...sentinels, sentinels: [value] }),
    'sentinels[0].host': (value) => ({ ...sentinels, sentinels: [{ host: value }] }),
    'sentinels[0].url': (value) => ({ ...sentinels, sentinels: [{ url: value }] }),
    rootNodes: (value) => ({ rootNodes: [{ url: value }] }),
    cluster: (value) => ({ host: undefined, port: undefined, cluster: [value] }),
    natMap: (value) => ({ cluster: true, natMap: { 'a:1': { host: value, port: 1 } } }),
    'a name in natMap': (value) => ({ cluster: true, natMap: { [String(value)]: {} } }),
    'an unknown name': (value) => ({ [String(value)]: 1 }),
    'an unknown name in tls': (value) => ({ tls: { [String(value)]: 1 } }),
  },
  postgres: {
    password: (value) => ({ password: value }),
    connectionString: (value) => ({ host: undefined, connectionString: value }),
    url: (value) => ({ host: undefined, url: value }),
    host: (value) => ({ host: value }),
    schema: (value) => ({ schema: value }),
    ssl: (value) => ({ ssl: value }),
    'ssl.key': (value) => ({ ssl: { key: value } }),
    options: (value) => ({ options: value }),
    'an unknown name': (value) => ({ [String(value)]: 1 }),
  },
  mysql: {
    password: (value) => ({ password: value }),
    uri: (value) => ({ host: undefined, uri: value }),
    host: (value) => ({ host: value }),
    socketPath: (value) => ({ socketPath: value }),
    'ssl.key': (value) => ({ ssl: { key: value } }),
  },
  dynamodb: {
    secretAccessKey: (value) => ({ accessKeyId: 'id', secretAccessKey: value }),
    sessionToken: (value) => ({ ...key, sessionToken: value }),
    credentials: (value) => ({ credentials: value }),
    'credentials.secretAccessKey': (value) => ({ credentials: { accessKeyId: 'id', secretAccessKey: value } }),
    endpoint: (value) => ({ ...key, endpoint: value }),
  },
  s3: {
    secretAccessKey: (value) => ({ accessKeyId: 'id', secretAccessKey: value }),
    sessionToken: (value) => ({ ...key, sessionToken: value }),
    endpoint: (value) => ({ ...key, endpoint: value }),
  },
  sqlite: { path: (value) => ({ path: value }) },
  file: { path: (value) => ({ path: value }) },
  disk: { path: (value) => ({ path: value }) },
}

// No part of a name or an address, so that it is nowhere but where it came from.
const digits = 4815162342

/** A secret in every type and form. */
const forms = {
  'a number': digits,
  'a bigint': BigInt(digits),
  'an array': [String(digits)],
  'an array of numbers': [digits],
  'an object': { '': String(digits) },
  'a nested object': { value: { value: digits } },
  'bytes': Buffer.from(String(digits)),
  'a symbol': Symbol(String(digits)),
  'a function': Object.defineProperty(() => digits, 'name', { value: String(digits) }),
  'a Map': new Map([[String(digits), digits]]),
  'a url': `redis://user:${digits}@127.0.0.1:9`,
  'a url of PostgreSQL': `postgres://user:${digits}@127.0.0.1:9/d`,
  'a url of MySQL': `mysql://user:${digits}@127.0.0.1:9/d`,
  'a url of the web': `http://user:${digits}@127.0.0.1:9`,
  'a URL object': new URL(`redis://user:${digits}@127.0.0.1:9`),
  'a url with an unescaped slash': `postgres://user:1/${digits}@127.0.0.1:9/d`,
  'a url in percent escapes': encodeURIComponent(`redis://user:${digits}@127.0.0.1:9`),
  'a url with a secret as a parameter': `redis://127.0.0.1:9?token=${digits}`,
  'a url without a scheme': `user:${digits}@127.0.0.1:9`,
}

/** Options whose values messages repeat: a right value for them is no secret. */
const told = {
  'a name': { places: /^(host|endpoint|sentinels\[0\]\.host|natMap)$/, right: ['bytes'] },
  'a path': { places: /^(path|socketPath)$/, right: ['bytes', 'a url without a scheme'] },
}

/** The forms that are tried for an option. */
function formsFor(place) {
  const right = Object.values(told).flatMap(({ places, right }) => (places.test(place) ? right : []))
  return Object.entries(forms).filter(([form]) => !right.includes(form))
}

/** Everything about `value` that can be printed. */
function printed(value) {
  const everything = { showHidden: true, depth: Infinity, getters: true }
  const texts = [String(value), inspect(value), inspect(value, everything), inspect(value, { ...everything, customInspect: false })]
  if (value === undefined || value === null) return texts
  texts.push(JSON.stringify(value), JSON.stringify(value, Object.getOwnPropertyNames(value)), `${value.message} ${value.stack}`)
  return value.cause === undefined ? texts : texts.concat(printed(value.cause))
}

describe('a secret is not told', () => {
  const said = []
  const note = (warning) => said.push(...printed(warning))
  before(() => process.on('warning', note))
  after(() => process.off('warning', note))

  for (const [store, ways] of Object.entries(places)) {
    for (const [place, give] of Object.entries(ways)) {
      test(`as ${place} of ${store}, whatever its type`, async () => {
        for (const [form, value] of formsFor(place)) {
          said.length = 0
          const kv = new RedKV()
          for (const event of ['tierDown', 'tierUp', 'tierError', 'tierRepair', 'writeError', 'error']) {
            kv.on(event, (...told) => said.push(...told.flatMap(printed)))
          }
          try {
            const added = kv.addStore(store, { ...stores[store], ...give(value) }, { timeout: 100, connectTimeout: 100 })
            const errors = await Promise.all([kv.ready(), kv.get('k'), added.set('k', 'v')].map((it) => it.catch((error) => error)))
            said.push(...errors.flatMap(printed), ...printed(added))
          } catch (error) {
            said.push(...printed(error))
          }
          said.push(...printed(kv), ...printed(kv.stats()))
          await kv.close({ timeout: 50 }).catch((error) => said.push(...printed(error)))
          // Warnings and events come in ticks of their own.
          await new Promise((resolve) => setImmediate(resolve))
          const text = said.filter((text) => text?.includes(String(digits))).join('\n')
          assert.equal(text, '', `${form} as ${place}`)
        }
      })
    }
  }

  for (const args of [[String(digits), {}], [`x${digits}`], ['redis', String(digits)], ['redis', {}, { prefix: digits }], ['redis', {}, { [digits]: 1 }], ['redis', {}, { compress: String(digits) }]]) {
    test(`by addStore(${args.map((arg) => inspect(arg)).join(', ')})`, () => {
      const error = thrownBy(() => new RedKV().addStore(...args))
      assert.ok(!printed(error).join('\n').includes(String(digits)), error.message)
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
