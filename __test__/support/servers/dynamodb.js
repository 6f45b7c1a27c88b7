'use strict'

const { randomUUID } = require('node:crypto')

/** Emulators check no signature, but want to see one. */
const headers = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, ' +
    'SignedHeaders=host;x-amz-date, Signature=0',
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
}

/** Sends one request of the DynamoDB API to an emulator. */
async function call(endpoint, operation, body) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headers, 'x-amz-target': `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(body),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${operation} failed with status ${response.status}: ${answer}`)
  return JSON.parse(answer)
}

/** Makes a table whose hash key is `id`, for the time of the test, and resolves with its name. */
async function freshTable(t, endpoint) {
  const TableName = `redkv-${randomUUID()}`
  await call(endpoint, 'CreateTable', {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
  t.after(() => call(endpoint, 'DeleteTable', { TableName }))
  return TableName
}

/** The options of a client that talks to an emulator. */
function clientOptions(endpoint) {
  return { endpoint, region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test' }
}

module.exports = { call, clientOptions, freshTable }
