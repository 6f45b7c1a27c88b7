// Valkey GLIDE. By default it refuses more than 1,000 requests at a time, and gives up after a quarter of a second,
// which more than it can answer in that time would run into: it gets more of both.

import { GlideClient } from '@valkey/valkey-glide'
import { redisAddress } from './address.mjs'

async function redis() {
  const addresses = [redisAddress()]
  const client = await GlideClient.createClient({ addresses, inflightRequestsLimit: 1_000_000, requestTimeout: 60_000 })
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getMany: (keys) => client.mget(keys),
    close: () => client.close()
  }
}

export default { glide: { redis } }
