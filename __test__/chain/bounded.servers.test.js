'use strict'

// The tier options `maxEntries` and `maxBytes`: the most that a store holds.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { freshFile } = require('../support/fresh.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { until } = require('../support/wait.js')

/** A chain of a Redis with bounds in front of a file. */
async function bounded(t, server, tierOptions) {
  const kv = new RedKV()
  t.after(() => kv.close({ timeout: 1 }))
  const redis = kv.addStore('redis', server.options, tierOptions)
  kv.addStore('sqlite', { path: freshFile(t) })
  await kv.ready()
  return { kv, redis }
}

const size = async (server) => Number(await server.command('DBSIZE'))

describe('a bounded store', () => {
  test('lets go what was used least, and reads go on', async (t) => {
    const server = await privateRedis(t)
    const { kv } = await bounded(t, server, { maxEntries: 100 })
    const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`)
    await kv.setMany(keys.map((key) => [key, 'value']))
    await until(async () => (await size(server)) === 100)
    assert.deepEqual(await kv.getMany(keys), keys.map(() => 'value'))
    await until(async () => (await size(server)) === 100)
  })

  test('counts bytes', async (t) => {
    const server = await privateRedis(t)
    const { kv, redis } = await bounded(t, server, { maxBytes: 100_000 })
    for (let n = 0; n < 300; n++) await kv.set(`key-${n}`, 'x'.repeat(1000))
    await until(async () => (await size(server)) <= 99)
    assert.ok((await size(server)) > 80)
    await kv.set('too large', 'x'.repeat(200_000))
    await until(async () => !(await redis.has('too large')))
    assert.ok(await kv.has('too large'))
  })

  test('learns after a restart what is there', async (t) => {
    const path = freshFile(t)
    const [before, after] = [new RedKV(), new RedKV()]
    t.after(() => Promise.all([before.close(), after.close()]))
    before.addStore('sqlite', { path })
    const keys = Array.from({ length: 3000 }, (_, index) => `key-${index}`)
    await before.setMany(keys.map((key) => [key, 'value']))
    after.addStore('sqlite', { path }, { maxBytes: 8000 })
    const left = async () => (await before.hasMany(keys)).filter(Boolean).length
    await until(async () => (await left()) < 700)
    assert.ok((await left()) > 500)
  })

  test('goes well with a queue of writes', async (t) => {
    const server = await privateRedis(t)
    const { kv } = await bounded(t, server, { maxEntries: 100, writeBehind: true })
    for (let n = 0; n < 500; n++) await kv.set(`key-${n}`, 'value')
    await kv.flush()
    await until(async () => (await size(server)) === 100)
  })
})
