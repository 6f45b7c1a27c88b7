'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { open } = require('../support/stores.js')
const { isArgumentError, rejectionOf, thrownBy } = require('../support/refused.js')

/** The error of adding a store to a new instance. */
const addError = (...args) => thrownBy(() => new RedKV().addStore(...args))

describe('addStore throws at once', () => {
  test('for an unknown name, and suggests the nearest', () => {
    const error = addError('memmory')
    isArgumentError(error, 'name')
    assert.match(error.message, /did you mean 'memory'\?/)
  })

  test('for an unknown name that resembles none, and lists all', () => {
    const error = addError('mongodb')
    isArgumentError(error, 'name')
    assert.match(error.message, /disk, dynamodb, file, memory, mysql, postgres, redis, s3, sqlite/)
    assert.doesNotMatch(error.message, /did you mean/)
  })

  for (const name of [undefined, null, 42, {}, [], true, Symbol('memory'), () => 'memory']) {
    test(`for a name that is ${typeof name} ${String(name)}`, () => {
      isArgumentError(addError(name), 'name')
    })
  }

  test('for a required option that is missing', () => {
    isArgumentError(addError('sqlite'), 'path', 'sqlite')
    isArgumentError(addError('sqlite', {}), 'path', 'sqlite')
    isArgumentError(addError('sqlite', { path: undefined }), 'path', 'sqlite')
    isArgumentError(addError('dynamodb', { region: 'us-east-1' }), 'tableName', 'dynamodb')
    isArgumentError(addError('s3', { region: 'us-east-1' }), 'bucket', 's3')
    isArgumentError(addError('postgres'), 'tableName', 'postgres')
    isArgumentError(addError('postgresql', { tableName: 'kv', keyColumn: 'k' }), 'valueColumn', 'postgres')
    isArgumentError(addError('mysql', { tableName: 'kv', keyColumn: 'k', valueColumn: 'v' }), 'database', 'mysql')
    isArgumentError(addError('mariadb', { database: 'app', keyColumn: 'k', valueColumn: 'v' }), 'tableName', 'mysql')
    isArgumentError(addError('file', {}), 'path', 'file')
    isArgumentError(addError('disk', { maxBytes: 1e6 }), 'path', 'disk')
  })

  for (const store of ['postgres', 'mysql']) {
    const fits = { database: 'app', tableName: 'kv', keyColumn: 'k', valueColumn: 'v' }
    const wrongs = {
      tableName: ['', 5, {}, 'nul\0inside', () => 'kv'],
      keyColumn: ['', ['k'], 'x'.repeat(300)],
      valueColumn: ['k', 'K', true],
      expiresColumn: ['v', 5],
      createTable: ['yes', 1],
      columnType: ['json', true],
      port: [0, 65_536, 'six', {}],
      max: [0, -1, 1.5, 'many'],
      ssl: ['required?', 'Amazon RDS', 1, { ca: 'no PEM' }, { rejectUnauthorised: false }],
      url: ['http://h/d', 'no url', `${store}://h/d?foo=1`, `${store}://h/d#x`, 5],
      connectTimeout: [-1, 'soon', '5000'],
    }
    for (const [option, values] of Object.entries(wrongs)) {
      for (const value of values) {
        test(`for the ${option} of ${store} that is ${typeof value} ${JSON.stringify(value)?.slice(0, 20)}`, () => {
          const error = addError(store, { ...fits, [option]: value })
          isArgumentError(error, option === 'ssl' && typeof value === 'object' ? Object.keys(value)[0] : option, store)
        })
      }
    }
  }

  test('for an unknown option, and suggests the nearest', () => {
    const error = addError('memory', { maxEntires: 5 })
    isArgumentError(error, 'maxEntires', 'memory')
    assert.match(error.message, /did you mean 'maxEntries'\?/)
    isArgumentError(addError('sqlite', { path: ':memory:', tablename: 'kv' }), 'tablename', 'sqlite')
    isArgumentError(addError('dynamodb', { tableName: 'kv', regoin: 'us-east-1' }), 'regoin', 'dynamodb')
    isArgumentError(addError('s3', { bucket: 'kv', forcePathstyle: true }), 'forcePathstyle', 's3')
    isArgumentError(addError('redis', { hots: '127.0.0.1' }), 'hots', 'redis')
    isArgumentError(addError('redis', { sentinles: [] }), 'sentinles', 'redis')
    isArgumentError(addError('redis', { cluster: [{ hots: '127.0.0.1' }] }), 'hots', 'redis')
    isArgumentError(addError('file', { path: 'cache', durabel: true }), 'durabel', 'file')
    isArgumentError(addError('disk', { path: 'cache', maxbytes: 5 }), 'maxbytes', 'disk')
  })

  test('for options of one Redis, of a cluster and of sentinels that have no meaning together', () => {
    const servers = [{ host: '127.0.0.1' }]
    isArgumentError(addError('redis', { cluster: true, db: 1 }), 'db', 'redis')
    isArgumentError(addError('redis', { cluster: servers, host: '127.0.0.1' }), 'host', 'redis')
    isArgumentError(addError('redis', { cluster: servers, sentinels: servers, name: 'main' }), 'sentinels', 'redis')
    isArgumentError(addError('redis', { sentinels: servers }), 'name', 'redis')
    isArgumentError(addError('redis', { sentinels: servers, name: 'main', url: 'redis://127.0.0.1' }), 'url', 'redis')
    isArgumentError(addError('redis', { sentinelPassword: 'p' }), 'sentinelPassword', 'redis')
    isArgumentError(addError('redis', { natMap: { 'a:1': { host: 'b', port: 1 } } }), 'natMap', 'redis')
  })

  for (const cluster of ['127.0.0.1', 1, {}, [], [1], [{}], [{ port: 1 }], ['/tmp/redis.sock'], ['redis://127.0.0.1/1']]) {
    test(`for a cluster that is ${JSON.stringify(cluster)}`, () => {
      isArgumentError(addError('redis', { cluster }), 'cluster', 'redis')
    })
  }

  test('for an unknown option that has the name of a prototype', () => {
    isArgumentError(addError('memory', JSON.parse('{ "__proto__": { "maxEntries": 5 } }')), '__proto__', 'memory')
  })

  test('for an option without a name, and does not repeat what it holds', () => {
    const error = addError('redis', { port: { '': 's3cret' } })
    isArgumentError(error, 'port', 'redis')
    assert.doesNotMatch(error.message, /s3cret/)
  })

  test('for an unknown option of the tier, and suggests the nearest', () => {
    const error = addError('memory', {}, { timout: 5 })
    isArgumentError(error, 'timout', 'memory')
    assert.match(error.message, /did you mean 'timeout'\?/)
  })

  test('for an option of the client among those of the tier, and the other way round', () => {
    isArgumentError(addError('memory', {}, { maxEntries: 5 }), 'maxEntries', 'memory')
    isArgumentError(addError('memory', { ttl: 5 }), 'ttl', 'memory')
  })

  for (const maxEntries of ['many', '', 0, -1, 1.5, NaN, Infinity, true, {}, [5], () => 5, Symbol('5'), 10n ** 400n]) {
    test(`for a whole number that is ${typeof maxEntries} ${String(maxEntries)}`, () => {
      isArgumentError(addError('memory', { maxEntries }), 'maxEntries', 'memory')
    })
  }

  for (const bound of ['many', '', 0, -1, 1.5, NaN, Infinity, true, {}, [5]]) {
    test(`for a bound of a store that is ${typeof bound} ${String(bound)}`, () => {
      isArgumentError(addError('sqlite', { path: ':memory:' }, { maxEntries: bound }), 'maxEntries', 'sqlite')
      isArgumentError(addError('sqlite', { path: ':memory:' }, { maxBytes: bound }), 'maxBytes', 'sqlite')
    })
  }

  for (const path of [5, '', ' ', true, {}, ['a'], 'nul\0inside', () => 'a']) {
    test(`for a path that is ${typeof path} ${JSON.stringify(path)}`, () => {
      isArgumentError(addError('sqlite', { path }), 'path', 'sqlite')
      isArgumentError(addError('file', { path }), 'path', 'file')
      isArgumentError(addError('disk', { path }), 'path', 'disk')
    })
  }

  for (const duration of [0, -1, 0.5, NaN, Infinity, -Infinity, 1e300, '', '0s', '-5s', '5', 'soon', '5 parsecs', true, {}, []]) {
    test(`for a duration that is ${typeof duration} ${String(duration)}`, () => {
      isArgumentError(addError('memory', {}, { ttl: duration }), 'ttl', 'memory')
      isArgumentError(addError('memory', {}, { timeout: duration }), 'timeout', 'memory')
    })
  }

  test('for a tier option of a wrong type', () => {
    isArgumentError(addError('memory', {}, { optional: 'yes' }), 'optional', 'memory')
    isArgumentError(addError('memory', {}, { optional: 1 }), 'optional', 'memory')
    isArgumentError(addError('memory', {}, { prefix: 5 }), 'prefix', 'memory')
    isArgumentError(addError('memory', {}, { prefix: '' }), 'prefix', 'memory')
    isArgumentError(addError('memory', {}, { hashKeys: 'yes' }), 'hashKeys', 'memory')
    isArgumentError(addError('memory', {}, { readOnly: 1 }), 'readOnly', 'memory')
  })

  for (const compress of ['gzip', '', 'ZSTD', true, false, 3, ['lz4'], () => 'lz4']) {
    test(`for a compression that is ${typeof compress} ${String(compress)}`, () => {
      isArgumentError(addError('memory', {}, { compress }), 'compress', 'memory')
    })
  }

  test('for a wrong option of the compression', () => {
    const compressError = (compress) => addError('memory', {}, { compress })
    isArgumentError(compressError({}), 'algorithm', 'memory')
    isArgumentError(compressError({ algorithm: 'gzip' }), 'algorithm', 'memory')
    isArgumentError(compressError({ algorithm: 'lz4', threshold: -1 }), 'threshold', 'memory')
    isArgumentError(compressError({ algorithm: 'lz4', threshold: '1 kB' }), 'threshold', 'memory')
    isArgumentError(compressError({ algorithm: 'zstd', level: 0 }), 'level', 'memory')
    isArgumentError(compressError({ algorithm: 'zstd', level: 20 }), 'level', 'memory')
    isArgumentError(compressError({ algorithm: 'lz4', level: 1 }), 'level', 'memory')
    isArgumentError(compressError({ algorithm: 'zstd', treshold: 5 }), 'treshold', 'memory')
  })

  test('for a writable store after one that is readOnly, and for a ttl of what is never written', () => {
    const kv = new RedKV()
    kv.addStore('memory', {}, { readOnly: true })
    isArgumentError(thrownBy(() => kv.addStore('sqlite', { path: ':memory:' })), 'readOnly', 'sqlite')
    kv.addStore('sqlite', { path: ':memory:' }, { readOnly: true })
    isArgumentError(addError('memory', {}, { readOnly: true, ttl: '1m' }), 'ttl', 'memory')
  })

  for (const value of [5, 'yes', [], () => {}, Symbol('symbol'), 5n]) {
    test(`for a queue of writes that is ${typeof value} ${String(value)}`, () => {
      isArgumentError(addError('sqlite', { path: ':memory:' }, { writeBehind: value }), 'writeBehind', 'sqlite')
    })
  }

  for (const bound of ['many', '', 0, -1, 1.5, NaN, Infinity, true, {}, [5]]) {
    test(`for a bound of a queue that is ${typeof bound} ${String(bound)}`, () => {
      const tierOptions = (options) => addError('sqlite', { path: ':memory:' }, { writeBehind: options })
      isArgumentError(tierOptions({ maxPending: bound }), 'maxPending', 'sqlite')
      isArgumentError(tierOptions({ maxPendingBytes: bound }), 'maxPendingBytes', 'sqlite')
    })
  }

  test('for a time of retries that is none, and for what no queue has', () => {
    const tierOptions = (options) => addError('sqlite', { path: ':memory:' }, { writeBehind: options })
    isArgumentError(tierOptions({ retry: 0 }), 'retry', 'sqlite')
    isArgumentError(tierOptions({ retry: true }), 'retry', 'sqlite')
    isArgumentError(tierOptions({ retries: 5 }), 'retries', 'sqlite')
  })

  for (const options of [5, 'text', true, [], [{}], () => {}, Symbol('options'), 5n]) {
    test(`for options that are ${typeof options} ${String(options)}`, () => {
      isArgumentError(addError('memory', options), 'options', 'memory')
      isArgumentError(addError('memory', {}, options), 'tierOptions', 'memory')
    })
  }

  test('for a ttl of a tier whose store cannot let entries end', () => {
    const error = addError('sqlite', { path: ':memory:' }, { ttl: '1m' })
    assert.ok(error instanceof RedKV.RedKVError)
    assert.equal(error.code, 'ERR_REDKV_UNSUPPORTED')
    assert.equal(error.field, 'ttl')
    assert.equal(error.store, 'sqlite')
  })

  test('for options that refer to themselves', () => {
    const options = { maxEntries: 5 }
    options.self = options
    isArgumentError(addError('memory', options), 'self', 'memory')
  })

  test('with what a getter of the options throws', () => {
    const options = { get maxEntries() { throw new RangeError('from the getter') } }
    assert.throws(() => new RedKV().addStore('memory', options), { name: 'RangeError', message: 'from the getter' })
  })

  test('and the instance continues with the stores that it has', async (t) => {
    const [kv] = await open(t, 'memory')
    thrownBy(() => kv.addStore('memory', { maxEntires: 5 }))
    thrownBy(() => kv.addStore('sqlite'))
    await kv.set('key', 'value')
    assert.equal(await kv.get('key'), 'value')
  })
})

test('options that are null or undefined are as if they were left out', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  kv.addStore('memory', null, null)
  kv.addStore('memory', undefined, undefined)
  kv.addStore('memory', { maxEntries: undefined }, { ttl: null })
  await kv.set('key', 'value')
  assert.equal(await kv.get('key'), 'value')
})

/** Values of each type that is neither a key nor, unless it is bytes, a value. */
const wrong = [
  undefined, null, true, false, {}, [], ['a'], () => 'a', Symbol('a'), 5n, new Date(), new String('a'), new Map(),
  new DataView(new ArrayBuffer(2)), new ArrayBuffer(2), new Uint16Array(2), new Float64Array(1), /a/, Promise.resolve('a'),
]
const described = (value) => `${value === null ? 'null' : typeof value} ${Object.prototype.toString.call(value)}`
const loneSurrogates = ['\ud800', 'a\udc00', '\udc00\ud800', `${'long '.repeat(400)}\ud83e`]

for (const names of [['memory'], ['sqlite'], ['file'], ['disk'], ['memory', 'sqlite']]) {
  describe(`operations on ${names.join(', ')} reject`, () => {
    for (const key of [...wrong, new Uint8Array(2)]) {
      test(`a key that is ${described(key)}`, async (t) => {
        const [kv, store] = await open(t, ...names)
        isArgumentError(await rejectionOf(() => kv.get(key)), 'key')
        isArgumentError(await rejectionOf(() => kv.getBuffer(key)), 'key')
        isArgumentError(await rejectionOf(() => kv.has(key)), 'key')
        isArgumentError(await rejectionOf(() => kv.set(key, 'value')), 'key')
        isArgumentError(await rejectionOf(() => kv.delete(key)), 'key')
        isArgumentError(await rejectionOf(() => kv.getMany(['good', key])), 'key')
        isArgumentError(await rejectionOf(() => kv.hasMany(['good', key])), 'key')
        isArgumentError(await rejectionOf(() => kv.deleteMany(['good', key])), 'key')
        isArgumentError(await rejectionOf(() => kv.setMany([['good', 'value'], [key, 'value']])), 'key')
        isArgumentError(await rejectionOf(() => store.get(key)), 'key')
        assert.equal(await kv.has('good'), false)
      })
    }

    for (const value of wrong) {
      test(`a value that is ${described(value)}`, async (t) => {
        const [kv, store] = await open(t, ...names)
        await kv.set('key', 'old')
        isArgumentError(await rejectionOf(() => kv.set('key', value)), 'value')
        isArgumentError(await rejectionOf(() => store.set('key', value)), 'value')
        isArgumentError(await rejectionOf(() => kv.setMany([['good', 'value'], ['key', value]])), 'value')
        assert.deepEqual(await kv.getMany(['key', 'good']), ['old', null])
      })
    }

    for (const text of loneSurrogates) {
      test(`text of ${text.length} units that is not well-formed`, async (t) => {
        const [kv] = await open(t, ...names)
        isArgumentError(await rejectionOf(() => kv.get(text)), 'key')
        isArgumentError(await rejectionOf(() => kv.set(text, 'value')), 'key')
        isArgumentError(await rejectionOf(() => kv.set('key', text)), 'value')
        assert.equal(await kv.has('key'), false)
        assert.equal(await kv.has('\ufffd'), false)
      })
    }

    for (const ttl of [0, -0, -1, 0.5, NaN, Infinity, -Infinity, 1e300, null, '', '0ms', '-1s', '10', 'soon', true, {}, [], 5n]) {
      test(`a ttl that is ${typeof ttl} ${String(ttl)}`, async (t) => {
        const [kv, store] = await open(t, ...names)
        isArgumentError(await rejectionOf(() => kv.set('key', 'value', { ttl })), 'ttl')
        isArgumentError(await rejectionOf(() => store.set('key', 'value', { ttl })), 'ttl')
        isArgumentError(await rejectionOf(() => kv.setMany({ key: 'value' }, { ttl })), 'ttl')
        assert.equal(await kv.has('key'), false)
      })
    }

    test('options of a call that are no object', async (t) => {
      const [kv] = await open(t, ...names)
      isArgumentError(await rejectionOf(() => kv.set('key', 'value', 1000)), 'options')
      isArgumentError(await rejectionOf(() => kv.set('key', 'value', '10s')), 'options')
      isArgumentError(await rejectionOf(() => kv.set('key', 'value', null)), 'options')
      isArgumentError(await rejectionOf(() => kv.setMany({ key: 'value' }, 1000)), 'options')
      assert.equal(await kv.has('key'), false)
    })

    test('an unknown option of a call', async (t) => {
      const [kv] = await open(t, ...names)
      isArgumentError(await rejectionOf(() => kv.set('key', 'value', { TTL: 1000 })), 'TTL')
      isArgumentError(await rejectionOf(() => kv.setMany({ key: 'value' }, { expires: 1000 })), 'expires')
      assert.equal(await kv.has('key'), false)
    })

    test('keys that are no list', async (t) => {
      const [kv] = await open(t, ...names)
      isArgumentError(await rejectionOf(() => kv.getMany('keys')), 'keys')
      isArgumentError(await rejectionOf(() => kv.getMany()), 'keys')
      isArgumentError(await rejectionOf(() => kv.hasMany(null)), 'keys')
      isArgumentError(await rejectionOf(() => kv.deleteMany({ key: 'value' })), 'keys')
    })

    test('entries that are no pairs', async (t) => {
      const [kv] = await open(t, ...names)
      isArgumentError(await rejectionOf(() => kv.setMany('entries')), 'entries')
      isArgumentError(await rejectionOf(() => kv.setMany()), 'entries')
      isArgumentError(await rejectionOf(() => kv.setMany(null)), 'entries')
      isArgumentError(await rejectionOf(() => kv.setMany(['key', 'value'])), 'entries')
      isArgumentError(await rejectionOf(() => kv.setMany([['key']])), 'entries')
      isArgumentError(await rejectionOf(() => kv.setMany([['key', 'value', { ttl: 5 }]])), 'entries')
      assert.equal(await kv.has('key'), false)
    })

    test('with what an iterable throws', async (t) => {
      const [kv] = await open(t, ...names)
      const broken = (function* () {
        yield ['key', 'value']
        throw new RangeError('from the iterable')
      })
      await assert.rejects(kv.setMany(broken()), { name: 'RangeError', message: 'from the iterable' })
      await assert.rejects(kv.getMany(broken()), { name: 'RangeError', message: 'from the iterable' })
      assert.equal(await kv.has('key'), false)
    })
  })
}

describe('a closed instance', () => {
  const closed = (error) => {
    assert.ok(error instanceof RedKV.RedKVError)
    assert.equal(error.code, 'ERR_REDKV_CLOSED')
    assert.equal(error.retryable, false)
  }

  for (const names of [[], ['memory'], ['sqlite'], ['file'], ['disk'], ['memory', 'sqlite']]) {
    test(`with ${names.length === 0 ? 'no store' : names.join(', ')} rejects all operations, and throws from addStore`, async (t) => {
      const [kv, ...stores] = await open(t, ...names)
      await kv.close()
      closed(thrownBy(() => kv.addStore('memory')))
      closed(await rejectionOf(() => kv.ready()))
      const rejections = [kv, ...stores].flatMap((store) => [
        rejectionOf(() => store.get('key')),
        rejectionOf(() => store.getBuffer('key')),
        rejectionOf(() => store.has('key')),
        rejectionOf(() => store.set('key', 'value')),
        rejectionOf(() => store.delete('key')),
        rejectionOf(() => store.ready()),
        rejectionOf(() => store.getMany(['a', 'b'])),
        rejectionOf(() => store.hasMany(['a', 'b'])),
        rejectionOf(() => store.setMany({ a: '1', b: '2' })),
        rejectionOf(() => store.deleteMany(['a', 'b'])),
      ])
      ;(await Promise.all(rejections)).forEach(closed)
    })
  }

  test('names the operation', async (t) => {
    const [kv] = await open(t, 'memory')
    await kv.close()
    assert.equal((await rejectionOf(() => kv.get('key'))).operation, 'get')
    assert.equal((await rejectionOf(() => kv.set('key', 'value'))).operation, 'set')
    assert.equal((await rejectionOf(() => kv.ready())).operation, 'ready')
    assert.equal(thrownBy(() => kv.addStore('memory')).operation, 'addStore')
  })
})
