// cacheable with its own memory store, alone and in front of Redis.

import { Cacheable } from 'cacheable'
import { keyvOverRedis } from './keyv-redis.mjs'

function over(options) {
  const cache = new Cacheable(options)
  // Without a listener a failure would look like a miss.
  cache.on('error', (error) => {
    throw error
  })
  return {
    get: (key) => cache.get(key),
    set: (key, value, ttl) => cache.set(key, value, ttl),
    inMemory: (key) => cache.primary.has(key),
    clearMemory: () => cache.primary.clear(),
    keepsRemainingTtl: true,
    close: () => cache.disconnect()
  }
}

export default {
  cacheable: {
    memory: () => over({}),
    tiered: async () => over({ secondary: await keyvOverRedis('bench-cacheable') })
  }
}
