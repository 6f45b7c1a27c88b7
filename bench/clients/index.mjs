// The packages that are compared. A file exports what it brings under the names of this table, one function for each
// role that the package can play:
//
// - `memory`, `redis`: `{ get, set, getMany?, close }`
// - `tiered` (memory in front of Redis): also `set(key, value, ttl)`, `inMemory(key)` and `clearMemory(keys)`, and
//   `keepsRemainingTtl`, whether an entry that is filled into memory ends there when it ends in Redis
// - `dynamodb(endpoint)`: `{ get, set, close }`
// - `chain(stores)`, `bounded(entries)`: as `memory`, for how cost grows

const files = {
  redkv: 'redkv',
  Map: 'map',
  'cache-manager': 'cache-manager',
  'cache-manager wrap': 'cache-manager',
  keyv: 'keyv',
  'keyv tuned': 'keyv',
  cacheable: 'cacheable',
  bentocache: 'bentocache',
  'bentocache tuned': 'bentocache',
  unstorage: 'unstorage',
  'node-redis': 'node-redis',
  'node-redis tuned': 'node-redis',
  ioredis: 'ioredis',
  'ioredis auto': 'ioredis',
  glide: 'glide',
  'lib-dynamodb': 'lib-dynamodb',
  'lru-cache': 'lru-cache'
}

/** Opens a client in a role. Only its own file is loaded. */
export async function open(name, role, ...args) {
  const { default: named } = await import(`./${files[name]}.mjs`)
  return named[name][role](...args)
}
