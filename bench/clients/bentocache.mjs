// bentocache with room for all entries: as it comes, and tuned (no serialisation in memory, ioredis with
// auto-pipelining). Its Redis driver is made for ioredis 5.

import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'
import { redisAddress } from './address.mjs'

const maxItems = 10_000_000

function over(memoryOptions, connection) {
  const make = () => {
    const store = bentostore().useL1Layer(memoryDriver({ maxItems, ...memoryOptions }))
    if (connection) store.useL2Layer(redisDriver({ connection, prefix: 'bench-bentocache' }))
    return new BentoCache({ default: 'store', ttl: '1h', stores: { store } })
  }
  let bento = make()
  return {
    get: (key) => bento.get({ key }),
    set: (key, value, ttl) => bento.set(ttl === undefined ? { key, value } : { key, value, ttl }),
    // A second instance with the same connection has an empty memory. The first is left to the garbage collector.
    clearMemory: () => void (bento = make()),
    inMemory: async (key) => isKept(connection, () => bento.get({ key })),
    keepsRemainingTtl: true,
    close: () => bento.disconnectAll()
  }
}

/** Whether an answer comes without asking Redis: bentocache does not show its memory. */
async function isKept(connection, ask) {
  const { get } = connection
  let asked = false
  connection.get = (...args) => {
    asked = true
    return get.apply(connection, args)
  }
  try {
    return (await ask()) !== undefined && !asked
  } finally {
    connection.get = get
  }
}

const tuned = { serialize: false }

export default {
  bentocache: { memory: () => over({}), tiered: () => over({}, new Redis(redisAddress())) },
  'bentocache tuned': {
    memory: () => over(tuned),
    tiered: () => over(tuned, new Redis({ ...redisAddress(), enableAutoPipelining: true }))
  }
}
