// node-redis: as it comes, which arms a timer of 5 s for every command, and without that.

import { createClient } from 'redis'
import { redisUrl } from './address.mjs'

async function redis(options) {
  const client = createClient({ url: redisUrl, ...options })
  await client.connect()
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getMany: (keys) => client.mGet(keys),
    close: () => client.close()
  }
}

export default {
  'node-redis': { redis: () => redis({}) },
  'node-redis tuned': { redis: () => redis({ commandOptions: { timeout: 0 } }) }
}
