// ioredis 6 with auto-pipelining.

import { Redis } from 'ioredis-6'
import { redisAddress } from '../address.mjs'
import { script } from './script.mjs'

async function redis(atomicOf) {
  const client = new Redis({ ...redisAddress(), lazyConnect: true, enableAutoPipelining: true })
  await client.connect()
  return {
    hSet: (key, fields) => client.hset(key, fields),
    hGetAll: (key) => client.hgetall(key),
    sAdd: (key, members) => client.sadd(key, members),
    sMembers: (key) => client.smembers(key),
    zAdd: (key, member, score) => client.zadd(key, score, member),
    zRangeByScore: (key, min, max) => client.zrangebyscore(key, min, max),
    atomic: await atomicOf(client),
    close: () => client.quit()
  }
}

const byMulti = (client) => async ([counter, hash, set, sorted], member, score) => {
  const multi = client.multi().incrby(counter, 1).hset(hash, 'name', member).sadd(set, member).zadd(sorted, score, member)
  return (await multi.exec()).length === 4
}

async function byScript(client) {
  const sha = await client.script('LOAD', script)
  return async (keys, member, score) => (await client.evalsha(sha, keys.length, ...keys, member, score)) === 1
}

export default {
  'ioredis auto': { redis: () => redis(byMulti) },
  'ioredis auto, script': { redis: () => redis(byScript) }
}
