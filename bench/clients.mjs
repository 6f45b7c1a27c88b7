// The packages that are compared, each behind the same two functions.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

function redisAddress() {
  const { hostname, port } = new URL(process.env.REDKV_TEST_REDIS_URL)
  return { host: hostname, port: Number(port) }
}

async function redkv(add) {
  const RedKV = require('..')
  const kv = new RedKV()
  add(kv)
  await kv.ready()
  return { get: (key) => kv.get(key), set: (key, value) => kv.set(key, value), close: () => kv.close() }
}

async function nodeRedis(options) {
  const { createClient } = require('redis')
  const client = createClient({ socket: redisAddress(), ...options })
  await client.connect()
  return { get: (key) => client.get(key), set: (key, value) => client.set(key, value), close: () => client.close() }
}

/** @type {Record<string, () => Promise<{ get: Function, set: Function, close: Function }>>} */
export const clients = {
  'redkv memory': () => redkv((kv) => kv.addStore('memory')),
  Map: async () => {
    const map = new Map()
    return { get: async (key) => map.get(key), set: async (key, value) => void map.set(key, value), close() {} }
  },
  'redkv redis': () => redkv((kv) => kv.addStore('redis', redisAddress())),
  'node-redis 6': () => nodeRedis({}),
  'node-redis 6, timeout: 0': () => nodeRedis({ commandOptions: { timeout: 0 } })
}
