// What the measurements need to be there on the servers, and to know about them.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { Failure } from '../../scripts/lib/run.mjs'
import { request } from '../../scripts/servers/answers/dynamodb-request.mjs'
import { tableName } from '../clients/address.mjs'

/** What `INFO server` of Redis says. */
export async function redisInfo(url) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end('INFO server\r\nQUIT\r\n')
  let text = ''
  socket.on('data', (data) => (text += data))
  await once(socket, 'close')
  return Object.fromEntries(text.split('\r\n').flatMap((line) => [line.split(':', 2)]))
}

/** The process id of a Redis server on this machine; `undefined` when it runs elsewhere or the system does not tell. */
export function pidOf({ process_id: pid }) {
  try {
    return /redis|valkey/.test(readFileSync(`/proc/${pid}/comm`, 'utf8')) ? pid : undefined
  } catch {
    return undefined
  }
}

/** Makes the table for the measurements of DynamoDB. */
export async function createTable(endpoint) {
  const response = await request(endpoint, 'CreateTable', {
    TableName: tableName,
    AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST'
  })
  const answer = await response.text()
  if (!response.ok && !answer.includes('ResourceInUse')) throw new Failure(`cannot make the table: ${answer}`)
}
