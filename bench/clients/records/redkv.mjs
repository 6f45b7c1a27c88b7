// Records of RedKV with their default options.

import { createRequire } from 'node:module'
import { dynamodbOptions, recordsTable as tableName } from '../address.mjs'

const { Records } = createRequire(import.meta.url)('../../..')

function redkv(endpoint) {
  const { region, credentials } = dynamodbOptions
  const table = new Records('dynamodb', { tableName, endpoint, region, credentials }, { timeout: '1m' })
  const partition = table.partition('bench')
  return {
    async fill(keys, value) {
      await table.createTable()
      for (let start = 0; start < keys.length; start += 500) {
        await Promise.all(keys.slice(start, start + 500).map((key) => partition.put(key, value)))
      }
    },
    get: async (key) => (await partition.get(key))?.value,
    list: () => partition.list(),
    close: () => table.close()
  }
}

export default { redkv }
