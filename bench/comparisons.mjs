// What is compared: a workload, its numbers, and the clients that can do it. The first client is RedKV.

const inRedis = ['redkv', 'node-redis', 'node-redis tuned', 'ioredis', 'ioredis auto', 'glide']
const inTiers = ['redkv', 'cache-manager wrap', 'cacheable', 'bentocache', 'bentocache tuned']
const inMemory = ['cache-manager', 'keyv', 'keyv tuned', 'cacheable', 'bentocache', 'bentocache tuned', 'unstorage']

const redis = (workload, id, title, numbers) => ({ id, title, role: 'redis', workload, clients: inRedis, ...numbers })

/** Reads of records in DynamoDB. */
const records = { get: '1,000 gets in one turn', list: 'a list of 10,000' }

/** Operations on data structures in Redis. */
const structures = {
  hGetAll: 'HGETALL of 10 fields',
  zAdd: 'ZADD',
  zRangeByScore: 'ZRANGEBYSCORE of 10 among 10,000',
  sMembers: 'SMEMBERS of 10',
  atomic: 'an atomic write of 4 operations (the others: MULTI, or a script by EVALSHA)'
}

const ofStructures = { redis: ['redkv', 'node-redis tuned', 'ioredis auto'], dynamodb: ['redkv', 'lib-dynamodb'] }
const scripts = ['node-redis tuned, script', 'ioredis auto, script']

export const comparisons = [
  {
    id: 'memory get',
    title: 'Memory: a hit, awaited',
    role: 'memory',
    workload: 'memory-get',
    clients: ['redkv', 'Map', ...inMemory]
  },
  {
    id: 'memory set',
    title: 'Memory: a write, awaited',
    role: 'memory',
    workload: 'memory-set',
    clients: ['redkv', 'Map', 'cache-manager', 'keyv', 'keyv tuned', 'unstorage']
  },
  {
    id: 'memory getMany',
    title: 'Memory: 100 keys at a time, awaited (an operation is 100 keys)',
    role: 'memory',
    workload: 'memory-get-many',
    clients: ['redkv', 'cache-manager']
  },
  {
    id: 'tiered hit',
    title: 'Memory in front of Redis: a hit in memory, awaited',
    role: 'tiered',
    workload: 'memory-get',
    clients: [...inTiers, 'cache-manager']
  },
  ...[100, 1000].map((outstanding) => ({
    id: `back-fill ${outstanding}`,
    title: `Memory in front of Redis: a miss in memory, filled from Redis with its ttl, ${outstanding} outstanding`,
    role: 'tiered',
    workload: 'back-fill',
    clients: inTiers,
    outstanding
  })),
  ...['get', 'set'].flatMap((operation) =>
    [1, 10, 100, 1000].map((outstanding) =>
      redis(
        operation,
        `redis ${operation} ${outstanding}`,
        `Redis: ${operation.toUpperCase()} of 100 bytes, ${outstanding} outstanding`,
        { outstanding }
      )
    )
  ),
  ...['get', 'set'].map((operation) =>
    redis(operation, `redis ${operation} 10 kB`, `Redis: ${operation.toUpperCase()} of 10 kB, 100 outstanding`, {
      outstanding: 100,
      size: 10_000,
      count: 1024
    })
  ),
  ...[1, 10].map((outstanding) => ({
    id: `redis getMany ${outstanding}`,
    title: `Redis: 100 keys at a time, ${outstanding} outstanding (an operation is 100 keys)`,
    role: 'redis',
    workload: 'get-many',
    clients: ['redkv', 'node-redis', 'node-redis tuned', 'ioredis', 'glide'],
    outstanding
  })),
  ...[20, 100].map((perTick) =>
    redis('open-loop', `open loop ${perTick} k`, `Redis: ${perTick} k GET/s arrive, some every ms (Map: the harness)`, {
      clients: [...inRedis, 'Map'],
      perTick
    })
  ),
  ...['get', 'set'].map((operation) => ({
    id: `dynamodb ${operation}`,
    title: `DynamoDB (emulator): 1,000 distinct ${operation}s in one turn (p50 and p99 are of the whole turn)`,
    role: 'dynamodb',
    workload: 'dynamodb-turn',
    clients: ['redkv', 'lib-dynamodb'],
    operation
  })),
  ...Object.entries(structures).flatMap(([operation, title]) =>
    [1, 10, 100].map((outstanding) => ({
      id: `structures ${operation} ${outstanding}`,
      title: `Structures on Redis: ${title}, ${outstanding} outstanding`,
      role: 'redis',
      workload: 'structures/redis',
      clients: operation === 'atomic' ? [...ofStructures.redis, ...scripts] : ofStructures.redis,
      operation,
      outstanding
    }))
  ),
  {
    id: 'structures dynamodb get',
    title: 'Structures on DynamoDB (emulator): 1,000 gets in one turn (p50 and p99 are of the whole turn)',
    role: 'dynamodb',
    workload: 'structures/dynamodb',
    clients: ofStructures.dynamodb,
    operation: 'get'
  },
  ...[1, 10].map((outstanding) => ({
    id: `structures dynamodb zRangeByScore ${outstanding}`,
    title: `Structures on DynamoDB (emulator): zRangeByScore of 10 among 1,000, ${outstanding} outstanding`,
    role: 'dynamodb',
    workload: 'structures/dynamodb',
    clients: ofStructures.dynamodb,
    operation: 'zRangeByScore',
    outstanding
  })),
  ...Object.entries(records).map(([operation, title]) => ({
    id: `records ${operation}`,
    title: `Records on DynamoDB (emulator): ${title} (p50 and p99 are of all of it)`,
    role: 'dynamodb',
    workload: 'records',
    clients: ['redkv', 'lib-dynamodb'],
    operation
  }))
]
