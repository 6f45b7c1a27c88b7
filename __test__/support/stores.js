'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { after } = require('node:test')
const RedKV = require('../..')
const dynamodb = require('./servers/dynamodb.js')
const { freshFile, freshFolder, freshPrefix, server } = require('./fresh.js')
const s3 = require('./servers/s3.js')

/** Tier options with all layers in which a store can be written. */
const allLayers = { prefix: 'p:', hashKeys: true, compress: { algorithm: 'zstd', threshold: 0 } }

/**
 * The stores under test. Each has
 * - `store`: the name for `addStore`
 * - `resource(t)`: where it needs one, resolves with options for a place of its own on a server, which goes away after the
 *   test
 * - `options(t, resource)`: all options
 * - `tierOptions`: how the chain treats it, if not by default
 */
const kinds = {
  memory: {
    store: 'memory',
    options: () => ({}),
  },
  sqlite: {
    store: 'sqlite',
    options: (t) => ({ path: freshFile(t) }),
  },
  sqliteThatExpires: {
    store: 'sqlite',
    options: (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
  },
  file: {
    store: 'file',
    options: (t) => ({ path: freshFolder(t) }),
  },
  disk: {
    store: 'disk',
    options: (t) => ({ path: freshFolder(t), maxBytes: 1 << 26 }),
  },
  redis: {
    store: 'redis',
    options: () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
  },
  redisCluster: {
    store: 'redis',
    options: () => ({ cluster: [server('REDKV_TEST_REDIS_CLUSTER_URL')], prefix: freshPrefix() }),
  },
  redisSentinel: {
    store: 'redis',
    options: () => {
      const { hostname: host, port } = new URL(server('REDKV_TEST_REDIS_SENTINEL_URL'))
      return { sentinels: [{ host, port }], name: 'main', prefix: freshPrefix() }
    },
  },
  redisTls: {
    store: 'redis',
    options: () => {
      const [url, folder] = server('REDKV_TEST_REDIS_TLS_URL').split('#')
      const file = (name) => readFileSync(join(folder, name))
      const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') }
      return { url, tls, prefix: freshPrefix() }
    },
  },
  sqliteBehind: {
    store: 'sqlite',
    options: (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    tierOptions: { writeBehind: true },
  },
  sqliteBounded: {
    store: 'sqlite',
    options: (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
    tierOptions: { maxEntries: 10_000, maxBytes: 256 << 20 },
  },
  redisBounded: {
    store: 'redis',
    options: () => ({ url: server('REDKV_TEST_REDIS_URL') }),
    get tierOptions() {
      return { prefix: freshPrefix(), maxEntries: 10_000, maxBytes: 256 << 20, writeBehind: true }
    },
  },
  redisBehind: {
    store: 'redis',
    options: () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
    tierOptions: { writeBehind: { maxPending: 1000, maxPendingBytes: 1 << 20, retry: '10s' } },
  },
  dynamodb: {
    store: 'dynamodb',
    resource: (t) => dynamodbTable(t, server('REDKV_TEST_DYNAMODB_ENDPOINT')),
    options: (t, table) => ({ ...dynamodb.clientOptions(server('REDKV_TEST_DYNAMODB_ENDPOINT')), ...table }),
  },
  dynamodbThatExpires: {
    store: 'dynamodb',
    resource: (t) => dynamodbTable(t, server('REDKV_TEST_DYNAMODB_ENDPOINT')),
    options: (t, table) => ({ ...dynamodb.clientOptions(server('REDKV_TEST_DYNAMODB_ENDPOINT')), ...table, ttlAttribute: 'expires' }),
  },
  postgres: {
    store: 'postgres',
    options: () => ({ url: server('REDKV_TEST_POSTGRES_URL'), ...freshSqlTable(), expiresColumn: 'expires' }),
  },
  mysql: {
    store: 'mysql',
    options: () => ({ url: server('REDKV_TEST_MYSQL_URL'), ...freshSqlTable(), expiresColumn: 'expires' }),
  },
  mysqlThatKeepsForEver: {
    store: 'mariadb',
    options: () => ({ url: server('REDKV_TEST_MYSQL_URL'), ...freshSqlTable() }),
  },
  dynamodbLocal: {
    store: 'dynamodb',
    resource: (t) => dynamodbTable(t, server('REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT')),
    options: (t, table) => ({ ...dynamodb.clientOptions(server('REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT')), ...table }),
    // The emulator is older than the day on which DynamoDB began to take empty strings.
    refusesEmptyValues: true,
  },
  memoryHashed: {
    store: 'memory',
    tierOptions: { hashKeys: true },
    options: () => ({}),
  },
  memoryCompressed: {
    store: 'memory',
    tierOptions: { compress: { algorithm: 'lz4', threshold: 0 } },
    options: () => ({}),
  },
  memoryInLayers: {
    store: 'memory',
    tierOptions: allLayers,
    options: () => ({}),
  },
  sqliteInLayers: {
    store: 'sqlite',
    tierOptions: allLayers,
    options: (t) => ({ path: freshFile(t), expiresColumn: 'expires' }),
  },
  redisInLayers: {
    store: 'redis',
    tierOptions: allLayers,
    options: () => ({ url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() }),
  },
  dynamodbInLayers: {
    store: 'dynamodb',
    tierOptions: allLayers,
    resource: (t) => dynamodbTable(t, server('REDKV_TEST_DYNAMODB_ENDPOINT')),
    options: (t, table) => ({ ...dynamodb.clientOptions(server('REDKV_TEST_DYNAMODB_ENDPOINT')), ...table }),
  },
  s3: {
    store: 's3',
    resource: (t) => s3Bucket(t, server('REDKV_TEST_S3_ENDPOINT')),
    options: (t, bucket) => ({ ...s3.clientOptions(server('REDKV_TEST_S3_ENDPOINT')), ...bucket, prefix: 'a folder/' }),
    // The server answers one request at a time, and a batch of a thousand keys is as many requests.
    tierOptions: { timeout: '30s' },
  },
  s3Behind: {
    store: 's3',
    resource: (t) => s3Bucket(t, server('REDKV_TEST_S3_ENDPOINT')),
    options: (t, bucket) => ({ ...s3.clientOptions(server('REDKV_TEST_S3_ENDPOINT')), ...bucket, prefix: 'a folder/' }),
    tierOptions: { writeBehind: true, timeout: '30s' },
  },
}

async function s3Bucket(t, endpoint) {
  return { bucket: await s3.freshBucket(t, endpoint) }
}

async function dynamodbTable(t, endpoint) {
  return { tableName: await dynamodb.freshTable(t, endpoint) }
}

/** A table of its own, on a server that ends with the tests. */
function freshSqlTable() {
  return { tableName: freshPrefix(), keyColumn: 'key', valueColumn: 'value', createTable: true }
}

/** The options of a store of this kind, with a place of its own for the time of the test. */
async function optionsOf(t, name) {
  const { resource, options } = kinds[name]
  return options(t, await resource?.(t))
}

/** An instance with stores of these kinds, in their order, for the time of the test: `[kv, store, store, …]`. */
async function open(t, ...names) {
  const kv = new RedKV()
  t.after(() => kv.close())
  const stores = []
  for (const name of names) {
    const { store, tierOptions } = kinds[name]
    stores.push(kv.addStore(store, await optionsOf(t, name), tierOptions))
  }
  return [kv, ...stores]
}

/** The length of the longest key that is tried. */
const longestKey = 1026

/** In place of what is on a server. */
const nothing = { dynamodb: { tableName: 'none' }, s3: { bucket: 'none' } }

const known = {}

/** The `capabilities` of a store of this kind, which need no server. */
function capabilitiesOf(name) {
  if (known[name] !== undefined) return known[name]
  const kv = new RedKV()
  const { store, options, tierOptions } = kinds[name]
  const { capabilities } = kv.addStore(store, options({ after }, nothing[store]), tierOptions)
  kv.close()
  return (known[name] = capabilities)
}

/** What a chain of these kinds can do: what all of them can, and it lists the keys of the last one. */
function abilities(...names) {
  const all = names.map(capabilitiesOf)
  return {
    expire: all.every(({ expiry }) => expiry !== 'none'),
    emptyValues: !names.some((name) => kinds[name].refusesEmptyValues),
    emptyKeys: all.every(({ emptyKeys }) => emptyKeys),
    longKeys: all.every(({ maxKeyBytes }) => maxKeyBytes >= longestKey),
    keys: all.at(-1).enumerable,
  }
}

module.exports = { abilities, kinds, open, optionsOf }
