// The AWS SDK's document client on the same table: a `Get` and a `Query` of the index by hand, as consistent as RedKV's.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { dynamodbOptions, structuresTable as TableName } from '../address.mjs'

// It warns of versions of Node.js that it will not support one day, in every process again.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const text = new TextDecoder()

/** A score as the index has it, which is not negative here. */
function scoreBytes(score) {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(score)
  bytes[0] |= 0x80
  return bytes
}

/** The bytes after all that begin with these. */
function after(bytes) {
  const next = Buffer.from(bytes)
  next.writeBigUInt64BE(next.readBigUInt64BE() + 1n)
  return next
}

function dynamodb(endpoint) {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, ...dynamodbOptions }))
  const rk = Buffer.from('_')
  const get = (key) => client.send(new GetCommand({ TableName, Key: { hk: Buffer.from(key), rk }, ConsistentRead: true }))
  const query = (key, min, max) =>
    client.send(
      new QueryCommand({
        TableName,
        IndexName: 'rk2',
        KeyConditionExpression: 'hk = :hk AND rk2 BETWEEN :min AND :max',
        ExpressionAttributeValues: { ':hk': Buffer.from(key), ':min': scoreBytes(min), ':max': after(scoreBytes(max)) },
        ConsistentRead: true
      })
    )
  return {
    get: async (key) => text.decode((await get(key)).Item?.v),
    zRangeByScore: async (key, min, max) => (await query(key, min, max)).Items.map(({ v }) => text.decode(v)),
    close: () => client.destroy()
  }
}

export default { 'lib-dynamodb': { dynamodb } }
