// Structures of RedKV with their default options.

import { createRequire } from 'node:module'
import { dynamodbOptions, redisUrl, structuresTable } from '../address.mjs'

const { Structures } = createRequire(import.meta.url)('../../..')

async function redis() {
  const db = new Structures('redis', { url: redisUrl })
  await db.ready()
  return {
    hSet: (key, fields) => db.hSet(key, fields),
    hGetAll: (key) => db.hGetAll(key),
    sAdd: (key, members) => db.sAdd(key, members),
    sMembers: (key) => db.sMembers(key),
    zAdd: (key, member, score) => db.zAdd(key, member, score),
    zRangeByScore: (key, min, max) => db.zRangeByScore(key, min, max),
    async atomic([counter, hash, set, sorted], member, score) {
      const write = db.atomicWrite()
      write.incrBy(counter)
      write.hSet(hash, 'name', member)
      write.sAdd(set, member)
      write.zAdd(sorted, member, score)
      return await write.exec()
    },
    close: () => db.close()
  }
}

async function dynamodb(endpoint) {
  const db = new Structures('dynamodb', { tableName: structuresTable, endpoint, ...dynamodbOptions }, { timeout: '30s' })
  await db.createTable()
  return {
    set: (key, value) => db.set(key, value),
    get: (key) => db.get(key),
    zAdd: (key, member, score) => db.zAdd(key, member, score),
    zRangeByScore: (key, min, max) => db.zRangeByScore(key, min, max),
    close: () => db.close()
  }
}

export default { redkv: { redis, dynamodb } }
