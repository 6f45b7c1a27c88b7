// A Redis server with a replica, and a sentinel that calls it `main`. The address is that of the sentinel.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inMemory, ping } from './redis.mjs'

export const redisSentinel = {
  name: 'redis-sentinel',
  variable: 'REDKV_TEST_REDIS_SENTINEL_URL',
  async start(host) {
    const command = await host.program('redis-server', 'redis-server')
    const server = (name, args) => host.serve({ name, command, args, answers: ping })
    const master = await server('redis-master', inMemory)
    await server('redis-replica', (port) => [...inMemory(port), '--replicaof', '127.0.0.1', String(master)])
    const sentinel = await server('redis-sentinel', (port) => {
      // It writes down what it learns.
      const config = join(host.folder('redis-sentinel'), 'sentinel.conf')
      writeFileSync(config, `bind 127.0.0.1\nport ${port}\nsentinel monitor main 127.0.0.1 ${master} 1\n`)
      return [config, '--sentinel']
    })
    return `redis://127.0.0.1:${sentinel}`
  },
}
