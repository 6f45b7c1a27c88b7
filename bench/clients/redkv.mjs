// RedKV with its default options.

import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dynamodbOptions, redisUrl, tableName } from './address.mjs'

const RedKV = createRequire(import.meta.url)('../..')

async function chain(add) {
  const kv = new RedKV()
  const first = add(kv)
  await kv.ready()
  const client = {
    get: (key) => kv.get(key),
    set: (key, value) => kv.set(key, value),
    getMany: (keys) => kv.getMany(keys),
    close: () => kv.close()
  }
  return { kv, first, client }
}

async function tiered() {
  const { kv, first, client } = await chain((kv) => {
    const memory = kv.addStore('memory')
    kv.addStore('redis', { url: redisUrl })
    return memory
  })
  return {
    ...client,
    set: (key, value, ttl) => (ttl === undefined ? kv.set(key, value) : kv.set(key, value, { ttl })),
    inMemory: (key) => first.has(key),
    clearMemory: (keys) => first.deleteMany(keys),
    keepsRemainingTtl: true
  }
}

/** The stores that a chain is made of when tiers are counted. A `miss` has room for one entry. */
const stores = {
  miss: ['memory', { maxEntries: 1 }],
  memory: ['memory'],
  redis: ['redis', { url: redisUrl }],
  sqlite: ['sqlite', { path: join(tmpdir(), `redkv-bench-${process.pid}.sqlite`) }]
}

async function chainOf(names) {
  const { client } = await chain((kv) => names.forEach((name) => kv.addStore(...stores[name])))
  if (names.includes('sqlite')) process.on('exit', removeDatabase)
  return client
}

function removeDatabase() {
  for (const suffix of ['', '-shm', '-wal']) rmSync(`${stores.sqlite[1].path}${suffix}`, { force: true })
}

const only = async (...store) => (await chain((kv) => kv.addStore(...store))).client

export default {
  redkv: {
    memory: () => only('memory'),
    redis: () => only('redis', { url: redisUrl }),
    tiered,
    chain: chainOf,
    bounded: (maxEntries) => only('memory', { maxEntries }),
    dynamodb: (endpoint) => only('dynamodb', { tableName, endpoint, ...dynamodbOptions })
  }
}
