'use strict'

// A program under test may have fake timers; RedKV keeps its time by itself.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const RedKV = require('../..')

test('fake timers move neither a ttl nor the interval of onMetrics', async (t) => {
  let told = 0
  const kv = new RedKV({ metricsInterval: '1h', onMetrics: () => (told += 1) })
  t.after(() => kv.close())
  kv.addStore('memory')
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
  await kv.set('long', 'value', { ttl: '1h' })
  await kv.set('short', 'value', { ttl: 1 })
  t.mock.timers.tick(2 * 3_600_000)
  assert.equal(await kv.get('long'), 'value')
  assert.equal(told, 0)
  while ((await kv.get('short')) !== null) await undefined
})
