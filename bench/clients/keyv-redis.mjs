// Redis for the packages that are built on keyv 5.

import { createKeyv } from '@keyv/redis'
import { redisUrl } from './address.mjs'

/** A keyv over Redis, connected: a failure ends the process instead of looking like a miss. */
export async function keyvOverRedis(namespace) {
  const keyv = createKeyv(redisUrl, { namespace, throwOnErrors: true })
  await keyv.store.getClient()
  return keyv
}
