'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const RedKV = require('../..')
const dynamodb = require('./servers/dynamodb.js')
const { freshFile, freshFolder, freshPrefix, server } = require('./fresh.js')
const s3 = require('./servers/s3.js')

/** Tier options with all layers in which a store can be written. */
const allLayers = { prefix: 'p:', hashKeys: true, compress: { algorithm: 'zstd', threshold: 0 } }

/**
 * The stores under test. Each has
 * - `store`: the name for `addStore`
 * - `options(t)`: resolves with options for a place of its own, which goes away after the test
 * - `tierOptions`: how the chain treats it, if not as it does by itself
 * - `can`: what it is able to do. `expire`: let entries end; `emptyValues`, `emptyKeys`: keep an empty string as a
 *   value, as a key; `longKeys`: keep keys of 1,015 to 1,026 bytes, unless it is said to be `false`. That it can tell
 *   its `keys` is known: all can but those whose keys are hashed.
 */
const kinds = {
  memory: {
    store: 'memory',
    options: async () => ({}),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  sqlite: {
    store: 'sqlite',
    options: async (t) => ({ path: freshFile(t) }),
    can: { expire: false, emptyValues: true, emptyKeys: true },
  },
  sqliteThatExpires: {
    store: 'sqlite',
    options: async (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  file: {
    store: 'file',
    options: async (t) => ({ path: freshFolder(t) }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  disk: {
    store: 'disk',
    options: async (t) => ({ path: freshFolder(t), maxBytes: 1 << 26 }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redis: {
    store: 'redis',
    options: async () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisCluster: {
    store: 'redis',
    options: async () => ({ cluster: [server('REDKV_TEST_REDIS_CLUSTER_URL')], prefix: freshPrefix() }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisSentinel: {
    store: 'redis',
    options: async () => {
      const { hostname: host, port } = new URL(server('REDKV_TEST_REDIS_SENTINEL_URL'))
      return { sentinels: [{ host, port }], name: 'main', prefix: freshPrefix() }
    },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisTls: {
    store: 'redis',
    options: async () => {
      const [url, folder] = server('REDKV_TEST_REDIS_TLS_URL').split('#')
      const file = (name) => readFileSync(join(folder, name))
      const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') }
      return { url, tls, prefix: freshPrefix() }
    },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  sqliteBehind: {
    store: 'sqlite',
    options: async (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    tierOptions: { writeBehind: true },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  sqliteBounded: {
    store: 'sqlite',
    options: async (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    tierOptions: { maxEntries: 10_000, maxBytes: 256 << 20 },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisBounded: {
    store: 'redis',
    options: async () => ({ url: server('REDKV_TEST_REDIS_URL') }),
    get tierOptions() {
      return { prefix: freshPrefix(), maxEntries: 10_000, maxBytes: 256 << 20, writeBehind: true }
    },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisBehind: {
    store: 'redis',
    options: async () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
    tierOptions: { writeBehind: { maxPending: 1000, maxPendingBytes: 1 << 20, retry: '10s' } },
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  dynamodb: {
    store: 'dynamodb',
    options: (t) => dynamodbOptions(t, server('REDKV_TEST_DYNAMODB_ENDPOINT')),
    can: { expire: false, emptyValues: true, emptyKeys: false },
  },
  dynamodbThatExpires: {
    store: 'dynamodb',
    options: (t) => dynamodbOptions(t, server('REDKV_TEST_DYNAMODB_ENDPOINT'), { ttlAttribute: 'expires' }),
    can: { expire: true, emptyValues: true, emptyKeys: false },
  },
  postgres: {
    store: 'postgres',
    options: async () => ({ url: server('REDKV_TEST_POSTGRES_URL'), ...freshSqlTable(), expiresColumn: 'expires' }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  mysql: {
    store: 'mysql',
    options: async () => ({ url: server('REDKV_TEST_MYSQL_URL'), ...freshSqlTable(), expiresColumn: 'expires' }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  mysqlThatKeepsForEver: {
    store: 'mariadb',
    options: async () => ({ url: server('REDKV_TEST_MYSQL_URL'), ...freshSqlTable() }),
    can: { expire: false, emptyValues: true, emptyKeys: true },
  },
  dynamodbLocal: {
    store: 'dynamodb',
    options: (t) => dynamodbOptions(t, server('REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT')),
    // The emulator is older than the day on which DynamoDB began to take empty strings.
    can: { expire: false, emptyValues: false, emptyKeys: false },
  },
  memoryHashed: {
    store: 'memory',
    tierOptions: { hashKeys: true },
    options: async () => ({}),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  memoryCompressed: {
    store: 'memory',
    tierOptions: { compress: { algorithm: 'lz4', threshold: 0 } },
    options: async () => ({}),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  memoryInLayers: {
    store: 'memory',
    tierOptions: allLayers,
    options: async () => ({}),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  sqliteInLayers: {
    store: 'sqlite',
    tierOptions: allLayers,
    options: async (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  redisInLayers: {
    store: 'redis',
    tierOptions: allLayers,
    options: async () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
    can: { expire: true, emptyValues: true, emptyKeys: true },
  },
  dynamodbInLayers: {
    store: 'dynamodb',
    tierOptions: allLayers,
    options: (t) => dynamodbOptions(t, server('REDKV_TEST_DYNAMODB_ENDPOINT')),
    can: { expire: false, emptyValues: true, emptyKeys: true },
  },
  s3: {
    store: 's3',
    options: (t) => s3Options(t, server('REDKV_TEST_S3_ENDPOINT'), { prefix: 'a folder/' }),
    can: { expire: true, emptyValues: true, emptyKeys: true, longKeys: false },
  },
  s3Behind: {
    store: 's3',
    options: (t) => s3Options(t, server('REDKV_TEST_S3_ENDPOINT'), { prefix: 'a folder/' }),
    tierOptions: { writeBehind: true },
    can: { expire: true, emptyValues: true, emptyKeys: true, longKeys: false },
  },
}

async function s3Options(t, endpoint, more) {
  const bucket = await s3.freshBucket(t, endpoint)
  return { ...s3.clientOptions(endpoint), bucket, ...more }
}

/** A table of its own, on a server that ends with the tests. */
function freshSqlTable() {
  return { tableName: freshPrefix(), keyColumn: 'key', valueColumn: 'value', createTable: true }
}

async function dynamodbOptions(t, endpoint, more) {
  const tableName = await dynamodb.freshTable(t, endpoint)
  return { ...dynamodb.clientOptions(endpoint), tableName, ...more }
}

/** An instance with stores of these kinds, in their order, for the time of the test: `[kv, store, store, …]`. */
async function open(t, ...names) {
  const kv = new RedKV()
  t.after(() => kv.close())
  const stores = []
  for (const name of names) {
    const { store, options, tierOptions } = kinds[name]
    stores.push(kv.addStore(store, await options(t), tierOptions))
  }
  return [kv, ...stores]
}

/** What a chain of these kinds can do: what all of them can. */
function abilities(...names) {
  const can = {}
  for (const ability of Object.keys(kinds.memory.can)) can[ability] = names.every((name) => kinds[name].can[ability])
  can.keys = !kinds[names.at(-1)].tierOptions?.hashKeys
  can.longKeys = names.every((name) => kinds[name].can.longKeys !== false)
  return can
}

module.exports = { abilities, kinds, open }
