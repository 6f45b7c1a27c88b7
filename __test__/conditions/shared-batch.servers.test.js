'use strict'

// Callers whose operations go to the server in one request.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { privateRedis } = require('../support/servers/redis-server.js')

function chain(t, ...stores) {
  const kv = new RedKV()
  for (const store of stores) kv.addStore(...store)
  t.after(() => kv.close())
  return kv
}

/** What promises come to: values, or the codes of errors. */
async function outcomes(...promises) {
  const settled = await Promise.allSettled(promises)
  return settled.map(({ value, reason }) => (reason === undefined ? (value ?? null) : reason.code))
}

describe('with one forbidden key', () => {
  test('other callers of the same turn are served', async (t) => {
    const server = await privateRedis(t)
    await server.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~app:*', '+@all')
    await server.command('SET', 'app:1', 'one')
    const kv = chain(t, ['redis', { ...server.options, username: 'app', password: 'secret' }])
    const refused = 'ERR_REDKV_STORE'
    assert.deepEqual(await outcomes(kv.get('app:1'), kv.get('other'), kv.has('app:1')), ['one', refused, true])
    assert.deepEqual(await outcomes(kv.set('app:2', '2'), kv.set('other', '2'), kv.delete('app:1'), kv.delete('no')), [
      null,
      refused,
      null,
      refused,
    ])
    assert.deepEqual(await outcomes(kv.get('app:2'), kv.get('app:1')), ['2', null])
  })
})

describe('with a value that is too large for the server', () => {
  test('other callers are served, and the store does not count as down', async (t) => {
    const server = await privateRedis(t, ['--proto-max-bulk-len', '1mb'])
    const kv = chain(t, ['redis', server.options])
    const down = []
    kv.on('tierDown', () => down.push('down'))
    await kv.set('key', 'value')
    const large = 'x'.repeat(2_000_000)
    for (let n = 0; n < 8; n++) {
      assert.deepEqual(await outcomes(kv.set('large', large), kv.get('key'), kv.set('other', n)), [
        'ERR_REDKV_STORE',
        'value',
        null,
      ])
    }
    assert.deepEqual(down, [])
  })
})

describe('with a key of another type', () => {
  test('it is missing, alone and in company, with a store in front and without', async (t) => {
    const server = await privateRedis(t)
    await server.command('HSET', 'hash', 'field', '1')
    for (const front of [[], [['memory']]]) {
      const kv = chain(t, ...front, ['redis', server.options])
      assert.deepEqual(await outcomes(kv.get('hash')), [null])
      assert.deepEqual(await outcomes(kv.get('hash'), kv.get('other')), [null, null])
      assert.deepEqual(await outcomes(kv.getMany(['hash']), kv.getMany(['hash', 'other'])), [[null], [null, null]])
      assert.deepEqual(await outcomes(kv.has('hash'), kv.hasMany(['hash', 'other'])), [false, [false, false]])
    }
    assert.equal(await server.command('TYPE', 'hash'), 'hash')
  })
})
