// cache-manager. Its own memory store is a keyv without serialisation, and so is the one in front of Redis here.
// Its `get` does not fill the stores in front; only `wrap` does, with a ttl that starts anew.

import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { keyvOverRedis } from './keyv-redis.mjs'

const hour = 3_600_000

function memory() {
  const cache = createCache()
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    getMany: (keys) => cache.mget(keys),
    close() {}
  }
}

async function stores() {
  const front = new Keyv()
  front.serialize = undefined
  front.deserialize = undefined
  const cache = createCache({ stores: [front, await keyvOverRedis('bench-cache-manager')] })
  return { cache, front }
}

function absent() {
  throw new Error('cache-manager: not in Redis')
}

/** Two stores, read through `read(cache, key)`. */
async function tiered(read) {
  const { cache, front } = await stores()
  return {
    get: (key) => read(cache, key),
    set: (key, value, ttl) => cache.set(key, value, ttl),
    inMemory: async (key) => (await front.get(key)) !== undefined,
    clearMemory: () => front.clear(),
    keepsRemainingTtl: false,
    close: () => cache.disconnect()
  }
}

export default {
  'cache-manager': { memory, tiered: () => tiered((cache, key) => cache.get(key)) },
  'cache-manager wrap': { tiered: () => tiered((cache, key) => cache.wrap(key, absent, hour)) }
}
