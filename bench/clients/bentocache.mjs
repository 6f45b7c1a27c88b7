// bentocache with room for all entries: as it comes, and tuned (no serialisation in memory, ioredis with
// auto-pipelining). Its Redis driver is made for ioredis 5.

import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'
import { redisAddress } from './address.mjs'

const maxItems = 100_000

function over(memoryOptions, connection) {
  const memory = memoryDriver({ maxItems, ...memoryOptions })
  let driver
  // bentocache does not show its memory: the driver is kept when it is made.
  const kept = { ...memory, factory: (config) => (driver = memory.factory(config)) }
  const store = bentostore().useL1Layer(kept)
  if (connection) store.useL2Layer(redisDriver({ connection, prefix: 'bench-bentocache' }))
  const bento = new BentoCache({ default: 'store', ttl: '1h', stores: { store } })
  return {
    get: (key) => bento.get({ key }),
    set: (key, value, ttl) => bento.set(ttl === undefined ? { key, value } : { key, value, ttl }),
    inMemory: (key) => isValid(driver.get(key)),
    clearMemory: () => driver.clear(),
    keepsRemainingTtl: true,
    close: () => bento.disconnectAll()
  }
}

/** Its memory keeps an entry beyond its end, and looks at the end when it is read. */
function isValid(kept) {
  const entry = typeof kept === 'string' ? JSON.parse(kept) : kept
  return entry !== undefined && entry.logicalExpiration > Date.now()
}

const tuned = { serialize: false }

export default {
  bentocache: { memory: () => over({}), tiered: () => over({}, new Redis(redisAddress())) },
  'bentocache tuned': {
    memory: () => over(tuned),
    tiered: () => over(tuned, new Redis({ ...redisAddress(), enableAutoPipelining: true }))
  }
}
