'use strict'

// Leases between processes, on Redis and DynamoDB.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { leaseProcess } = require('../support/leases/process.js')
const { kinds, open, optionsOf } = require('../support/stores.js')

for (const kind of ['redis', 'redisCluster', 'redisSentinel', 'redisInLayers', 'dynamodb', 'dynamodbLocal']) {
  describe(`a lease in ${kind}`, () => {
    test('goes from a process that is killed to the one that waits, whose token is larger', async (t) => {
      const { store, tierOptions } = kinds[kind]
      const args = [store, await optionsOf(t, kind), tierOptions]
      const first = await leaseProcess(t, args, 'job', { ttl: 1000 })
      const token = await first.token
      const second = await leaseProcess(t, args, 'job', { ttl: 1000, wait: '20s' })
      await first.kill()
      assert.ok((await second.token) > token)
    })

    test('is seen by another instance, and free when it was given back', async (t) => {
      const { store, tierOptions } = kinds[kind]
      const options = await optionsOf(t, kind)
      const [one, other] = [new RedKV(), new RedKV()]
      t.after(() => Promise.all([one.close(), other.close()]))
      for (const kv of [one, other]) kv.addStore(store, options, tierOptions)
      const first = await one.lease("'jöb'}", { ttl: '1h' })
      assert.equal(await other.lease("'jöb'}"), null)
      await one.close()
      assert.ok((await other.lease("'jöb'}")).token > first.token)
    })

    test('is no key of the store', async (t) => {
      const [kv] = await open(t, kind)
      const lease = await kv.lease('job', { ttl: '1h' })
      if (kinds[kind].tierOptions?.hashKeys === undefined) {
        const keys = []
        for await (const key of kv.keys()) keys.push(key)
        assert.deepEqual(keys, [])
      }
      await kv.clear()
      assert.equal(await kv.lease('job'), null)
      await lease.release()
    })
  })
}
