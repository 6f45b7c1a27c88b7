// lru-cache, which is synchronous, in async functions.

import { LRUCache } from 'lru-cache'

function bounded(max) {
  const cache = new LRUCache({ max })
  return {
    get: async (key) => cache.get(key),
    set: async (key, value) => void cache.set(key, value),
    close() {}
  }
}

export default { 'lru-cache': { bounded } }
