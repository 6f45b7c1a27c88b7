// A Redis Cluster: three masters, each with a replica.

import { setTimeout as sleep } from 'node:timers/promises'
import { must, run } from '../../lib/run.mjs'
import { inMemory, ping } from './redis.mjs'

const NODES = 6

/** The port at which the nodes talk to each other. */
function busPort(port) {
  return port > 50_000 ? port - 10_000 : port + 10_000
}

function args(port) {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort(port))]
  return [...inMemory(port), ...cluster, '--repl-diskless-sync-delay', '0']
}

export const redisCluster = {
  name: 'redis-cluster',
  variable: 'REDKV_TEST_REDIS_CLUSTER_URL',
  async start(host) {
    const command = await host.program('redis-server', 'redis-server')
    const cli = await host.program('redis-cli', 'redis-tools')
    const node = () => host.serve({ name: 'redis-cluster', command, args, answers: ping })
    const ports = await Promise.all(Array.from({ length: NODES }, node))
    const nodes = ports.map((port) => `127.0.0.1:${port}`)
    const quiet = { signal: host.signal, stdio: ['ignore', 'ignore', 'inherit'] }
    await must(cli, ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'], quiet)
    for (const node of nodes) {
      while ((await run(cli, ['--cluster', 'check', node], quiet)).code !== 0) await sleep(100)
    }
    return `redis://${nodes[0]}`
  },
}
