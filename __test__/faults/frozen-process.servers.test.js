'use strict'

// A process that is frozen (as AWS Lambda does between calls) while its connections die.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { kvProcess } = require('../support/kv-process.js')
const { privateRedis } = require('../support/servers/redis-server.js')

describe('after the process was frozen while the server closed its connection', () => {
  test('a read is answered, and a write made or of unknown outcome', async (t) => {
    const server = await privateRedis(t)
    const kv = await kvProcess(t, ['redis', server.options])
    await kv.call('set', 'key', 'value')
    for (const operation of ['get', 'has', 'getMany', 'hasMany']) {
      const keys = operation.endsWith('Many') ? ['key', 'key'] : 'key'
      const before = await kv.call(operation, keys)
      kv.freeze()
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
      kv.thaw()
      assert.deepEqual(await kv.call(operation, keys), before, operation)
    }
    kv.freeze()
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
    kv.thaw()
    const error = await kv.call('set', 'key', 'new').then(() => null, (error) => error)
    if (error) assert.equal(error.code, 'ERR_REDKV_CONNECTION')
    assert.ok(['new', 'value'].includes(await kv.call('get', 'key')))
  })
})
