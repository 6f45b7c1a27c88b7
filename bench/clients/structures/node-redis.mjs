// node-redis without its timer of 5 s for every command.

import { createClient } from 'redis'
import { redisUrl } from '../address.mjs'
import { script } from './script.mjs'

async function redis(atomicOf) {
  const client = createClient({ url: redisUrl, commandOptions: { timeout: 0 } })
  await client.connect()
  return {
    hSet: (key, fields) => client.hSet(key, fields),
    hGetAll: (key) => client.hGetAll(key),
    sAdd: (key, members) => client.sAdd(key, members),
    sMembers: (key) => client.sMembers(key),
    zAdd: (key, value, score) => client.zAdd(key, { value, score }),
    zRangeByScore: (key, min, max) => client.zRangeByScore(key, min, max),
    atomic: await atomicOf(client),
    close: () => client.close()
  }
}

const byMulti = (client) => async ([counter, hash, set, sorted], value, score) => {
  const multi = client.multi().incrBy(counter, 1).hSet(hash, 'name', value).sAdd(set, value).zAdd(sorted, { value, score })
  return (await multi.exec()).length === 4
}

async function byScript(client) {
  const sha = await client.scriptLoad(script)
  return async (keys, member, score) => (await client.evalSha(sha, { keys, arguments: [member, String(score)] })) === 1
}

export default {
  'node-redis tuned': { redis: () => redis(byMulti) },
  'node-redis tuned, script': { redis: () => redis(byScript) }
}
