'use strict'

// Leases between processes, in PostgreSQL (also through PgBouncer), MySQL and SQLite.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { server } = require('../support/fresh.js')
const { leaseProcess } = require('../support/leases/process.js')
const { kinds, optionsOf } = require('../support/stores.js')

const life = 1000

/** The arguments of `addStore` for a store of this kind, which two processes share. */
async function storeOf(t, kind) {
  const { store, tierOptions } = kinds[kind]
  return [store, await optionsOf(t, kind), tierOptions]
}

async function pooled(t) {
  const [store, options] = await storeOf(t, 'postgres')
  return [store, { ...options, url: server('REDKV_TEST_PGBOUNCER_URL') }]
}

for (const [name, make] of [
  ['postgres', (t) => storeOf(t, 'postgres')],
  ['postgres behind PgBouncer', pooled],
  ['mysql', (t) => storeOf(t, 'mysql')],
  ['sqlite', (t) => storeOf(t, 'sqlite')],
  ['sqlite in layers', (t) => storeOf(t, 'sqliteInLayers')],
]) {
  describe(`a lease in ${name}`, () => {
    test('goes from a process that is killed to the one that waits, whose token is larger', async (t) => {
      const store = await make(t)
      const job = `killed ${store[1].tableName}`
      const first = await leaseProcess(t, store, job, { ttl: life })
      const token = await first.token
      const second = await leaseProcess(t, store, job, { ttl: life, wait: '20s' })
      await first.kill()
      assert.ok((await second.token) > token)
    })

    test('is seen by another instance, and free when it was given back', async (t) => {
      const store = await make(t)
      const job = `'"jöb${store[1].tableName}`
      const [one, other] = [new RedKV(), new RedKV()]
      t.after(() => Promise.all([one.close(), other.close()]))
      for (const kv of [one, other]) kv.addStore(...store)
      const first = await one.lease(job, { ttl: '1h' })
      assert.equal(await other.lease(job), null)
      await one.close()
      assert.ok((await other.lease(job)).token > first.token)
    })

    test('outlives its first life, and is no key of the store', async (t) => {
      const store = await make(t)
      const job = `kept ${store[1].tableName}`
      const kv = new RedKV()
      t.after(() => kv.close())
      kv.addStore(...store)
      const lease = await kv.lease(job, { ttl: life })
      await new Promise((resolve) => setTimeout(resolve, 2 * life))
      if (!store[2]?.hashKeys) {
        const keys = []
        for await (const key of kv.keys()) keys.push(key)
        assert.deepEqual(keys, [])
      }
      await kv.clear()
      assert.equal(await kv.lease(job), null)
      assert.equal(lease.lost.aborted, false)
    })
  })
}
