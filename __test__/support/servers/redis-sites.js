'use strict'

const { execFile } = require('node:child_process')
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { promisify } = require('node:util')
const { freshFolder } = require('../fresh.js')
const { PrivateRedis, freePort, privateRedis } = require('./redis-server.js')
const { until } = require('../wait.js')

/** Milliseconds after which a server that does not answer is replaced by its replica. */
const PATIENCE = 1_000

/** What `INFO` says of one thing. */
async function info(server, name) {
  const answer = await lines(server, 'INFO', 'replication')
  return answer.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1)
}

async function lines(server, ...words) {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(server.port), ...words])
  return stdout.split(/\r?\n/)
}

/** What a server has under a key, be it a replica. */
async function valueOn(server, key) {
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `printf 'READONLY\\nGET "%s"\\n' "$1" | redis-cli -p ${server.port} | tail -n 1`,
    'sh',
    key,
  ])
  return Number(stdout)
}

/** Three masters, each with a replica. */
class Cluster {
  constructor(nodes) {
    this.nodes = nodes
  }

  /** Options of a client. */
  get options() {
    return { cluster: this.nodes.slice(0, 2).map(({ port }) => ({ host: '127.0.0.1', port })) }
  }

  /** The master that has a key. */
  async masterOf(key) {
    const slot = Number(await this.nodes[0].command('CLUSTER', 'KEYSLOT', key))
    const nodes = (await lines(this.nodes[0], 'CLUSTER', 'NODES')).map((line) => line.split(' '))
    const owns = (range) => {
      const [first, last = first] = range.split('-').map(Number)
      return slot >= first && slot <= last
    }
    const [, address] = nodes.find(([, , , , , , , , ...ranges]) => ranges.some(owns))
    const port = Number(/:(\d+)@/.exec(address)[1])
    return this.nodes.find((node) => node.port === port)
  }

  async replicaOf(master) {
    for (const node of this.nodes) if (Number(await info(node, 'master_port')) === master.port) return node
    throw new Error('the master has no replica')
  }
}

/** A cluster that only this test uses. */
async function privateCluster(t) {
  const one = async () => {
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
    const patience = ['--cluster-node-timeout', String(PATIENCE), '--cluster-replica-validity-factor', '0']
    return privateRedis(t, [...cluster, ...patience, '--repl-diskless-sync-delay', '0'])
  }
  const nodes = await Promise.all(Array.from({ length: 6 }, one))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']
  await promisify(execFile)('redis-cli', create)
  for (const node of nodes) {
    await until(async () => {
      const joined = (await lines(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok')
      const isReady = (await info(node, 'role')) === 'master' || (await info(node, 'master_link_status')) === 'up'
      return joined && isReady
    })
  }
  await until(async () => (await Promise.all(nodes.map((node) => info(node, 'role')))).filter((role) => role === 'slave').length === 3)
  return new Cluster(nodes)
}

/** Knows no `QUIT`. */
class Sentinel extends PrivateRedis {
  answers() {
    return lines(this, 'PING').then(
      ([answer]) => answer === 'PONG',
      () => false,
    )
  }
}

/** A master with a replica, and three sentinels. */
class Watched {
  constructor(master, replica, sentinels) {
    Object.assign(this, { master, replica, sentinels })
  }

  /** Options of a client. */
  get options() {
    return { sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: 'main' }
  }

  async masterOf() {
    return this.master
  }

  async replicaOf() {
    return this.replica
  }
}

/** A server behind sentinels that only this test uses. */
async function privateSentinels(t) {
  const quick = ['--repl-diskless-sync-delay', '0']
  const master = await privateRedis(t, quick)
  const replica = await privateRedis(t, [...quick, '--replicaof', '127.0.0.1', String(master.port)])
  await until(async () => (await info(replica, 'master_link_status')) === 'up')
  const sentinel = async () => {
    const config = join(freshFolder(t), 'sentinel.conf')
    const rules = [`monitor main 127.0.0.1 ${master.port} 2`, `down-after-milliseconds main ${PATIENCE}`, 'failover-timeout main 3000']
    writeFileSync(config, rules.map((rule) => `sentinel ${rule}\n`).join(''))
    return privateRedis(t, [config, '--sentinel'], Sentinel)
  }
  const sentinels = await Promise.all([sentinel(), sentinel(), sentinel()])
  for (const each of sentinels) {
    await until(async () => {
      const state = await lines(each, 'SENTINEL', 'MASTER', 'main')
      const number = (name) => Number(state[state.indexOf(name) + 1])
      return number('num-slaves') === 1 && number('num-other-sentinels') === 2
    })
  }
  return new Watched(master, replica, sentinels)
}

module.exports = { privateCluster, privateSentinels, valueOn }
