// RedKV with its default options.

import { createRequire } from 'node:module'
import { dynamodbOptions, redisUrl, tableName } from './address.mjs'

const RedKV = createRequire(import.meta.url)('../..')

async function chain(add) {
  const kv = new RedKV()
  const first = add(kv)
  await kv.ready()
  const client = {
    get: (key) => kv.get(key),
    set: (key, value) => kv.set(key, value),
    getMany: (keys) => kv.getMany(keys),
    close: () => kv.close()
  }
  return { kv, first, client }
}

async function tiered() {
  const { kv, first, client } = await chain((kv) => {
    const memory = kv.addStore('memory')
    kv.addStore('redis', { url: redisUrl })
    return memory
  })
  return {
    ...client,
    set: (key, value, ttl) => (ttl === undefined ? kv.set(key, value) : kv.set(key, value, { ttl })),
    inMemory: (key) => first.has(key),
    clearMemory: (keys) => first.deleteMany(keys),
    keepsRemainingTtl: true
  }
}

const only = async (...store) => (await chain((kv) => kv.addStore(...store))).client

export default {
  redkv: {
    memory: () => only('memory'),
    redis: () => only('redis', { url: redisUrl }),
    tiered,
    dynamodb: (endpoint) => only('dynamodb', { tableName, endpoint, ...dynamodbOptions })
  }
}
