// The AWS SDK's document client, with reads as consistent as RedKV's.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { dynamodbOptions, tableName as TableName } from './address.mjs'

// It warns of versions of Node.js that it will not support one day, in every process again.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

function dynamodb(endpoint) {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, ...dynamodbOptions }))
  const get = (k) => client.send(new GetCommand({ TableName, Key: { k }, ConsistentRead: true }))
  return {
    get: async (key) => (await get(key)).Item?.v ?? null,
    set: (k, v) => client.send(new PutCommand({ TableName, Item: { k, v } })),
    close: () => client.destroy()
  }
}

export default { 'lib-dynamodb': { dynamodb } }
