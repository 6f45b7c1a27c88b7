// The clients that data structures are compared with. A file exports what it brings under the names of this table, one
// function for each server:
//
// - `redis()`: `{ hSet, hGetAll, sAdd, sMembers, zAdd, zRangeByScore, atomic, close }`, where `atomic(keys, member, score)`
//   writes a counter, a hash, a set and a sorted set together
// - `dynamodb(endpoint)`: `{ get, zRangeByScore, close }`, and of RedKV what makes the table and fills it

const files = {
  redkv: 'redkv',
  'node-redis tuned': 'node-redis',
  'node-redis tuned, script': 'node-redis',
  'ioredis auto': 'ioredis',
  'ioredis auto, script': 'ioredis',
  'lib-dynamodb': 'lib-dynamodb'
}

/** Opens a client of a server. Only its own file is loaded. */
export async function open(name, server, ...args) {
  const { default: named } = await import(`./${files[name]}.mjs`)
  return named[name][server](...args)
}
