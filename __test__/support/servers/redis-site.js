'use strict'

const RedKV = require('../../..')
const { clientOptions, freshTable } = require('./dynamodb.js')
const { freshFile, server } = require('../fresh.js')
const { proxyTo } = require('./proxy.js')
const { privateRedis } = require('./redis-server.js')

/** How long an operation may take on the Redis that fails, and on a store that is well, in milliseconds. */
const TIMEOUT = 300
const TIMEOUT_OF_OTHERS = 3_000

/** A chain with a Redis of its own behind a proxy, and other ways to its stores. */
class Site {
  #otherOptions = {}

  constructor(t, names, redis, proxy) {
    this.t = t
    this.names = names
    this.redis = redis
    this.proxy = proxy
    this.authority = names.at(-1)
  }

  /** Options of the Redis as it is reached through the proxy. */
  get throughProxy() {
    return { host: '127.0.0.1', port: this.proxy.port }
  }

  /** A chain of the stores of this site. `redis`, `tier`: other options of the Redis; `names`: of these stores only. */
  async open({ redis = this.throughProxy, tier = {}, names = this.names } = {}) {
    const kv = new RedKV()
    this.t.after(() => kv.close())
    for (const name of names) {
      if (name === 'redis') kv.addStore('redis', redis, { timeout: TIMEOUT, connectTimeout: TIMEOUT_OF_OTHERS, ...tier })
      else if (name === 'memory') kv.addStore('memory')
      else kv.addStore(name, await this.#options(name), { timeout: TIMEOUT_OF_OTHERS })
    }
    await kv.ready()
    return kv
  }

  /** The stores that are shared, as another process has them: without the proxy. */
  openElsewhere() {
    const names = this.names.filter((name) => name !== 'memory')
    return this.open({ redis: this.redis.options, tier: { timeout: TIMEOUT_OF_OTHERS }, names })
  }

  async #options(name) {
    this.#otherOptions[name] ??= await (name === 'sqlite' ? { path: freshFile(this.t) } : tableOptions(this.t))
    return this.#otherOptions[name]
  }
}

async function tableOptions(t) {
  const endpoint = server('REDKV_TEST_DYNAMODB_ENDPOINT')
  return { ...clientOptions(endpoint), tableName: await freshTable(t, endpoint) }
}

/** A site of stores of these names, one of them `redis`, for the time of the test. */
async function siteOf(t, ...names) {
  const redis = await privateRedis(t)
  const proxy = await proxyTo(t, redis.options)
  return new Site(t, names, redis, proxy)
}

module.exports = { TIMEOUT, TIMEOUT_OF_OTHERS, siteOf }
