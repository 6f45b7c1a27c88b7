'use strict'

const RedKV = require('../..')
const dynamodb = require('./dynamodb.js')
const { freshFile, freshFolder, freshPrefix, server } = require('./fresh.js')

/**
 * The stores under test. Each has
 * - `store`: the name for `addStore`
 * - `options(t)`: resolves with options for a place of its own, which goes away after the test
 * - `can`: what it is able to do. `expire`: let entries end; `emptyValues`, `emptyKeys`: keep an empty string as a
 *   value, as a key.
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
  dynamodbLocal: {
    store: 'dynamodb',
    options: (t) => dynamodbOptions(t, server('REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT')),
    // The emulator is older than the day on which DynamoDB began to take empty strings.
    can: { expire: false, emptyValues: false, emptyKeys: false },
  },
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
  for (const name of names) stores.push(kv.addStore(kinds[name].store, await kinds[name].options(t)))
  return [kv, ...stores]
}

/** What a chain of these kinds can do: what all of them can. */
function abilities(...names) {
  const can = {}
  for (const ability of Object.keys(kinds.memory.can)) can[ability] = names.every((name) => kinds[name].can[ability])
  return can
}

module.exports = { abilities, kinds, open }
