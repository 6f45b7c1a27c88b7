// Valkey GLIDE. By default it refuses more than 1,000 requests at a time.

import { GlideClient } from '@valkey/valkey-glide'
import { redisAddress } from './address.mjs'

async function redis() {
  const client = await GlideClient.createClient({ addresses: [redisAddress()], inflightRequestsLimit: 100_000 })
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getMany: (keys) => client.mget(keys),
    close: () => client.close()
  }
}

export default { glide: { redis } }
