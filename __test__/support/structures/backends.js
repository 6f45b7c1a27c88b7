'use strict'

const { randomUUID } = require('node:crypto')
const { Structures } = require('../../..')
const { freshFile, freshPrefix, server } = require('../fresh.js')
const dynamodb = require('../servers/dynamodb.js')

/** A table for all tests of this process, on a server that ends with them. */
const tableName = `redkv-structures-${randomUUID()}`

const onDynamodb = (more) => () => ({ ...dynamodb.clientOptions(server('REDKV_TEST_DYNAMODB_ENDPOINT')), tableName, ...more })

/**
 * The backends under test. Each has
 * - `backend`: the name for `new Structures`
 * - `options(t)`: its options
 * - `isBeside`: whether sorted members may be under the key of a value, set or hash, and `isBesideInAtomicWrites` whether an
 *   atomic write does not see them there
 * - `refusesEmpty`: whether keys and sorted members may not be empty
 */
const backends = {
  memory: { backend: 'memory', options: () => ({}) },
  memoryAsDynamodb: { backend: 'memory', options: () => ({ limits: 'dynamodb' }), refusesEmpty: true },
  sqlite: { backend: 'sqlite', options: (t) => ({ path: freshFile(t) }) },
  redis: { backend: 'redis', options: () => ({ url: server('REDKV_TEST_REDIS_URL') }) },
  redisCluster: { backend: 'redis', options: () => ({ cluster: [server('REDKV_TEST_REDIS_CLUSTER_URL')] }) },
  dynamodb: { backend: 'dynamodb', options: onDynamodb(), isBeside: true, isBesideInAtomicWrites: true, refusesEmpty: true },
  dynamodbStrict: { backend: 'dynamodb', options: onDynamodb({ kinds: 'strict' }), isBesideInAtomicWrites: true, refusesEmpty: true },
}

/** Data structures of this kind with keys of their own, for the time of a test. */
async function open(t, name) {
  const { backend, options } = backends[name]
  const db = new Structures(backend, options(t), { prefix: freshPrefix(), timeout: '30s' })
  t.after(() => db.close())
  await db.createTable()
  return db
}

module.exports = { backends, open }
