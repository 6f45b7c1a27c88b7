// ioredis 6, with and without auto-pipelining.

import { Redis } from 'ioredis-6'
import { redisAddress } from './address.mjs'

async function redis(options) {
  const client = new Redis({ ...redisAddress(), lazyConnect: true, ...options })
  await client.connect()
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getMany: (keys) => client.mget(keys),
    close: () => client.quit()
  }
}

export default {
  ioredis: { redis: () => redis({}) },
  'ioredis auto': { redis: () => redis({ enableAutoPipelining: true }) }
}
