// The AWS SDK's document client on the same table: a `Get` and a loop of `paginateQuery` by hand, as consistent as RedKV's.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { dynamodbOptions, recordsTable as TableName } from '../address.mjs'

// It warns of versions of Node.js that it will not support one day, in every process again.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

function libDynamodb(endpoint) {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, ...dynamodbOptions }))
  const query = {
    TableName,
    KeyConditionExpression: 'id = :id',
    ExpressionAttributeValues: { ':id': 'bench' },
    ConsistentRead: true
  }
  return {
    async get(key) {
      const { Item } = await client.send(new GetCommand({ TableName, Key: { id: 'bench', name: key }, ConsistentRead: true }))
      return Item?.payload
    },
    async *list() {
      // It writes into what it is given.
      for await (const { Items } of paginateQuery({ client }, { ...query })) {
        for (const { name, version, payload } of Items) yield { key: name, version, value: payload }
      }
    },
    close: () => client.destroy()
  }
}

export default { 'lib-dynamodb': libDynamodb }
