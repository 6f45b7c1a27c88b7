'use strict'

// Instances can have names, which distinguish those of one process.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { inspect } = require('node:util')
const RedKV = require('../..')

const redisThatIsNotThere = ['redis', { host: '127.0.0.1', port: 1 }, { optional: true, circuitBreaker: 1 }]

test('a name is in the statistics, in inspect and on the instance', () => {
  const kv = new RedKV({ name: 'sessions' })
  kv.addStore('memory')
  assert.equal(kv.name, 'sessions')
  assert.equal(kv.stats().name, 'sessions')
  assert.equal(inspect(kv), 'RedKV(sessions: memory)')
})

test('a name is in the events', async (t) => {
  const kv = new RedKV({ name: 'sessions' })
  t.after(() => kv.close())
  kv.addStore(...redisThatIsNotThere)
  kv.addStore('memory')
  const [event] = await Promise.all([once(kv, 'tierDown'), kv.get('key')])
  assert.equal(event[0].name, 'sessions')
})

test('a name is in what is given to onMetrics', async (t) => {
  const stays = setInterval(() => {}, 1000)
  t.after(() => clearInterval(stays))
  const told = await new Promise((onMetrics) => {
    const kv = new RedKV({ name: 'sessions', onMetrics, metricsInterval: 1 })
    t.after(() => kv.close())
  })
  assert.equal(told.name, 'sessions')
})

test('without a name there is none', () => {
  const kv = new RedKV()
  assert.equal(kv.name, undefined)
  assert.equal('name' in kv.stats(), false)
})

test('a name is text', () => {
  for (const name of ['', 5, {}]) assert.throws(() => new RedKV({ name }), { code: 'ERR_REDKV_ARGUMENT', field: 'name' })
})
