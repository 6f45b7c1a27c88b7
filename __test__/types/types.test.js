'use strict'

// The types promise what the code does: option names, warnings, error codes and documents are compared with it.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { describe, test } = require('node:test')

const RedKV = require('../..')
const { completionsAt, errorsIn, exportsOf, literals, members } = require('./declared.js')

const root = join(__dirname, '..', '..')

const dynamodb = {
  tableName: 'entries',
  region: 'local',
  endpoint: 'http://127.0.0.1:9',
  credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
}
const s3 = { ...dynamodb, tableName: undefined, bucket: 'entries' }
const redis = { host: '127.0.0.1', port: 9 }
const sql = { database: 'none', tableName: 'none', keyColumn: 'key', valueColumn: 'value' }

/** How the options of each interface are given, and what errors and warnings call them. */
const interfaces = {
  MemoryOptions: { store: 'memory', path: 'options', give: (given) => ['memory', given] },
  RedisOptions: { store: 'redis', path: 'options', give: (given) => ['redis', { ...redis, ...given }] },
  TlsOptions: { store: 'redis', path: 'options.tls', give: (tls) => ['redis', { ...redis, tls }] },
  DynamoDBOptions: {
    store: 'dynamodb',
    path: 'options',
    give: (given) => ['dynamodb', { ...dynamodb, ...given }],
  },
  S3Options: { store: 's3', path: 'options', give: (given) => ['s3', { ...s3, ...given }] },
  AwsHttpOptions: {
    store: 'dynamodb',
    path: 'options.httpOptions',
    give: (httpOptions) => ['dynamodb', { ...dynamodb, httpOptions }],
  },
  AwsCredentials: {
    store: 'dynamodb',
    path: 'options.credentials',
    give: (given) => ['dynamodb', { ...dynamodb, credentials: { ...dynamodb.credentials, ...given } }],
  },
  FileOptions: { store: 'file', path: 'options', give: (given) => ['file', { path: 'unused', ...given }] },
  DiskOptions: { store: 'disk', path: 'options', give: (given) => ['disk', { path: 'unused', ...given }] },
  SQLiteOptions: { store: 'sqlite', path: 'options', give: (given) => ['sqlite', { path: ':memory:', ...given }] },
  PostgresOptions: {
    store: 'postgres',
    path: 'options',
    give: (given) => ['postgres', { host: '127.0.0.1', port: 9, ...sql, ...given }],
  },
  MySQLOptions: {
    store: 'mysql',
    path: 'options',
    give: (given) => ['mysql', { host: '127.0.0.1', port: 9, ...sql, ...given }],
  },
  RedKVOptions: {
    path: 'options',
    make: (given) => new RedKV(given),
  },
  WriteBehindOptions: {
    path: 'tierOptions.writeBehind',
    give: (writeBehind) => ['sqlite', { path: ':memory:' }, { writeBehind }],
  },
  TierOptions: {
    store: 'memory',
    path: 'tierOptions',
    give: (given) => ['memory', {}, given],
  },
  CompressOptions: {
    path: 'compress',
    give: (given) => ['memory', {}, { compress: { algorithm: 'zstd', ...given } }],
  },
}

// A warning is given once a process, so all are kept.
const warnings = []
process.emitWarning = (text) => warnings.push(text)

/** Adds a store, or makes an instance, with an option, and answers with the error if it is refused. */
function tryOption(name, { give, make }, value = {}) {
  const redkv = new RedKV()
  // An object is of a wrong type for nearly every option, which is as good: it is refused under its name.
  const given = { [name]: value }
  try {
    if (make) make(given)
    else redkv.addStore(...give(given))
    return undefined
  } catch (error) {
    assert.equal(error.code, 'ERR_REDKV_ARGUMENT')
    assert.doesNotMatch(error.message, /^there is no store/)
    return error
  } finally {
    redkv.close()
  }
}

function isKnown(name, given) {
  // A name that is no word is not repeated.
  return !/unknown option|name that is no word/.test(tryOption(name, given)?.message)
}

function givesWarning(name, given) {
  tryOption(name, given)
  const begins = given.store === undefined ? '' : `${given.store}: `
  return warnings.some((text) => text.startsWith(begins) && text.includes(`${given.path}.${name} has no effect`))
}

/** Whether a warning says what to write instead of an option. The value has to be right for it. */
function givesName(name, given) {
  for (const value of ['1', 'postgres://localhost/none', 'mysql://localhost/none', true, 'TLS_method', 1000]) tryOption(name, given, value)
  return warnings.some((text) => text.startsWith(`${given.store}: ${given.path}: write `) && text.endsWith(` instead of ${name}`))
}

/** Where the options of 1.x and of other clients are documented. */
const legacy = {
  RedisOptions: 'LegacyRedisOptions',
  TlsOptions: 'LegacyTlsOptions',
  DynamoDBOptions: 'LegacyDynamoDBOptions',
  S3Options: 'LegacyS3Options',
  AwsHttpOptions: 'LegacyAwsHttpOptions',
  AwsCredentials: 'LegacyAwsCredentials',
  SQLiteOptions: 'LegacySQLiteOptions',
  PostgresOptions: 'LegacyPostgresOptions',
  MySQLOptions: 'LegacyMySQLOptions',
  TierOptions: 'LegacyTierOptions',
}

for (const [name, given] of Object.entries(interfaces)) {
  describe(`${name} in index.d.ts`, () => {
    const inUse = members(name).map((option) => option.name)
    const older = legacy[name] === undefined ? [] : members(legacy[name])
    const documented = [...members(name), ...older]
    const names = documented.map((option) => option.name)

    test('has nothing of 1.x, which is in an interface of its own', () => {
      assert.deepEqual(members(name).filter((option) => option.deprecated !== undefined), [])
      assert.deepEqual(older.filter((option) => option.deprecated === undefined), [])
    })

    test('says of those under another name what to write', () => {
      const renamed = older.filter((option) => option.deprecated.startsWith('write')).map((option) => option.name)
      assert.deepEqual(older.map((option) => option.name).filter((option) => givesName(option, given)), renamed)
    })

    test('has only options that the validator knows', () => {
      assert.deepEqual(names.filter((option) => isKnown(option, given)), names)
    })

    test('says of those that give a warning, and of no others, that they have no effect', () => {
      const without = documented.filter((option) => option.deprecated?.startsWith('has no effect'))
      assert.deepEqual(names.filter((option) => givesWarning(option, given)), without.map((option) => option.name))
    })

    test('describes the options in use', () => {
      const described = documented.filter((option) => option.description !== '').map((option) => option.name)
      assert.deepEqual(described, inUse)
    })

    test('has the options in use in docs/stores.md', () => {
      const text = readFileSync(join(root, 'docs', 'stores.md'), 'utf8')
      assert.deepEqual(inUse.filter((option) => text.includes(`\`${option}\``)), inUse)
    })
  })
}

describe('index.d.ts', () => {
  test('has all codes of errors', () => {
    const files = ['crates/core/src/error.rs', 'lib/errors.js'].map((file) => readFileSync(join(root, file), 'utf8'))
    const codes = new Set(files.flatMap((text) => text.match(/ERR_REDKV_[A-Z_]+/g)))
    assert.deepEqual(literals('RedKVErrorCode'), [...codes].sort())
  })

  test('has all operations of errors', () => {
    const { Records, Structures } = RedKV
    const write = new Structures('memory').atomicWrite()
    const partition = new Records('memory').partition('p')
    const objects = [RedKV.prototype, Structures.prototype, Records.prototype]
    const classes = [...objects, ...[RedKV.prototype, write, partition].map(Object.getPrototypeOf)]
    const functions = new Set(classes.flatMap(Object.getOwnPropertyNames))
    const others = ['cached', 'constructor', 'eventuallyConsistent', 'exec', 'name', 'partition', 'stats']
    const isOperation = (name) => !others.includes(name) && !(name in EventEmitter.prototype)
    assert.deepEqual(literals('RedKVOperation'), [...functions].filter(isOperation).sort())
  })

  test('has the names of all stores', () => {
    assert.throws(() => new RedKV().addStore('none'), {
      message: `there is no store 'none' (there are ${literals('StoreName').join(', ')})`,
    })
  })

  test('has the operations that there are', () => {
    const prototype = Object.getPrototypeOf(RedKV.prototype)
    const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
    const declared = members('Operations').map((member) => member.name)
    assert.deepEqual(names.filter((name) => !declared.includes(name)), [])
    for (const kv of [new RedKV(), new RedKV().addStore('memory')]) {
      assert.deepEqual(declared.filter((name) => typeof kv[name] !== 'function'), [])
    }
  })

  test('gives out the same by name as index.d.mts', () => {
    assert.deepEqual(exportsOf('index.d.mts').filter((name) => name !== 'default'), exportsOf('index.d.ts'))
  })
})

describe('an editor', () => {
  const names = (interfaceName) => members(interfaceName).map((member) => member.name).sort()

  test('completes the names of stores', () => {
    const stores = ['disk', 'dynamodb', 'file', 'memory', 'mysql', 'postgres', 'redis', 's3', 'sqlite']
    assert.deepEqual(completionsAt("redkv.addStore('|')"), stores)
  })

  test('completes the options of the store that was named', () => {
    assert.deepEqual(completionsAt("redkv.addStore('memory', { | })"), names('MemoryOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('redis', { | })"), names('RedisOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('dynamodb', { | })"), names('DynamoDBOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('s3', { | })"), names('S3Options'))
    assert.deepEqual(completionsAt("redkv.addStore('sqlite', { | })"), names('SQLiteOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('postgres', { | })"), names('PostgresOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('mariadb', { | })"), names('MySQLOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('file', { | })"), names('FileOptions'))
    assert.deepEqual(completionsAt("redkv.addStore('disk', { | })"), names('DiskOptions'))
  })

  test('completes the options of the store that was named in another case', () => {
    assert.deepEqual(completionsAt("redkv.addStore('SQLite', { | })"), names('SQLiteOptions'))
  })

  test('completes tier options', () => {
    assert.deepEqual(completionsAt("redkv.addStore('redis', {}, { | })"), names('TierOptions'))
  })

  test('completes nested options', () => {
    const given = "redkv.addStore('dynamodb', { tableName: 't', httpOptions: { | } })"
    assert.deepEqual(completionsAt(given), names('AwsHttpOptions'))
  })
})

describe('the compiler', () => {
  test('says that the options of a store are missing', () => {
    assert.deepEqual(errorsIn("redkv.addStore('sqlite')"), [{ at: 'addStore', message: 'Expected 2-3 arguments, but got 1.' }])
  })

  test('points at a misspelt name of a store', () => {
    assert.deepEqual(errorsIn("redkv.addStore('sqllite', { path: 'x' })").map(({ at }) => at), ["'sqllite'"])
  })

  test('points at a misspelt option of a store, and says what is near', () => {
    const [error, ...others] = errorsIn("redkv.addStore('redis', { pasword: 'secret' })")
    assert.deepEqual(others, [])
    assert.equal(error.at, 'pasword')
    assert.match(error.message, /does not exist in type 'RedisOptions'\. Did you mean to write 'password'\?$/)
  })

  test('points at a misspelt tier option, and says what is near', () => {
    const [error, ...others] = errorsIn("redkv.addStore('redis', {}, { timeuot: 5 })")
    assert.deepEqual(others, [])
    assert.equal(error.at, 'timeuot')
    assert.match(error.message, /does not exist in type 'TierOptions'\. Did you mean to write 'timeout'\?$/)
  })

  test('points at a tier option among the options of the store', () => {
    const [error, ...others] = errorsIn("redkv.addStore('memory', { ttl: '1m' })")
    assert.deepEqual(others, [])
    assert.equal(error.at, 'ttl')
    assert.match(error.message, /does not exist in type 'MemoryOptions'\.$/)
  })

  test('points at a value of a wrong type', () => {
    const error = { at: 'host', message: "Type 'number' is not assignable to type 'string'." }
    assert.deepEqual(errorsIn("redkv.addStore('redis', { host: 5 })"), [error])
  })
})
