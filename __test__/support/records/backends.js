'use strict'

const { randomUUID } = require('node:crypto')
const { Records } = require('../../..')
const { freshFile, server } = require('../fresh.js')
const dynamodb = require('../servers/dynamodb.js')

/** The shape that all tests declare. */
const shape = {
  localIndexes: [{ name: 'idx_created', sortKey: 'created' }],
  globalIndexes: [{ name: 'idx_pk1', hashKey: 'pk1', sortKey: 'sk1' }],
}

const inDynamoDb = (variable) => ['dynamodb', { ...dynamodb.clientOptions(server(variable)), tableName: `records-${randomUUID()}` }]

/** The arguments of each backend, by name. */
const backends = {
  memory: () => ['memory'],
  sqlite: (t) => ['sqlite', { path: freshFile(t) }],
  dynamodb: () => inDynamoDb('REDKV_TEST_DYNAMODB_ENDPOINT'),
  dynamodbLocal: () => inDynamoDb('REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT'),
}

/** Opens a new table, which is closed after the test. */
async function open(t, name, policy) {
  const [backend, options] = backends[name](t)
  const table = new Records(backend, options, policy)
  t.after(() => table.close())
  await table.createTable(shape)
  return table
}

module.exports = { backends, open, shape }
