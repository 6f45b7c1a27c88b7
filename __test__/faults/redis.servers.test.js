'use strict'

// A Redis fails in every way it can, in front of other stores, after a memory and alone: what users count on holds
// meanwhile and afterwards.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { lateness, settledWithin } = require('../support/deadline.js')
const { History } = require('../support/history.js')
const { faults } = require('../support/servers/redis-faults.js')
const { TIMEOUT, TIMEOUT_OF_OTHERS, siteOf } = require('../support/servers/redis-site.js')
const { eventually, until } = require('../support/wait.js')

const ROUNDS = 12

/** Between two rounds, in milliseconds: all of them take longer than some of the pauses between two probes. */
const PAUSE = 100

/** Within this a store that is well again has to be in use again, in milliseconds. */
const BACK_IN_USE = 5_000

const unhandled = []
process.on('unhandledRejection', (error) => unhandled.push(error))
after(() => assert.deepEqual(unhandled, []))

/** How long an operation may take while the Redis fails: every store may use up its time once. */
function deadlineIn(names) {
  const others = names.filter((name) => name !== 'redis' && name !== 'memory').length
  return () => TIMEOUT + others * TIMEOUT_OF_OTHERS
}

/** What a machine that is late itself makes of any operation: it takes its timeout, after a few the store is down. */
const ofLateness = { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true }

/** Fails on errors that do not belong to the fault. */
function checkOf(fault) {
  return ({ name, code, store, retryable, message }) => {
    const errors = lateness() > TIMEOUT / 4 ? { ...ofLateness, ...fault.errors } : fault.errors
    assert.equal(name, 'RedKVError', message)
    assert.ok(code in errors, `${code}: ${message}`)
    assert.deepEqual({ store, retryable }, { store: 'redis', retryable: errors[code] }, message)
  }
}

/** Reads a key that is in memory over and over, until it is told to stop; resolves with how often. */
function hotReads(kv) {
  let stopped = false
  const reading = (async () => {
    let count = 0
    while (!stopped) {
      const { value } = await settledWithin(0, kv.get('hot'))
      assert.equal(value, 'hot')
      count += 1
      await new Promise(setImmediate)
    }
    return count
  })()
  return () => {
    stopped = true
    return reading
  }
}

/** One round of operations: those of a line side by side, on different keys. */
async function round(history, n) {
  await Promise.all([
    history.set('overwritten', `new-${n}`),
    history.delete('deleted'),
    history.get('kept'),
    history.has('kept-too'),
    history.getMany(['kept-1', 'kept-2', 'missing']),
    history.setMany({ 'many-1': `new-${n}`, 'many-2': `new-${n}` }),
    history.delete(`deleted-${n}`),
    history.set(`fresh-${n}`, 'fresh'),
  ])
  await Promise.all([
    history.get('overwritten'),
    history.get('deleted'),
    history.getMany(['many-1', 'many-2', `fresh-${n}`]),
    history.has(`deleted-${n}`),
    history.get('kept'),
  ])
}

/** Keys that are there before the fault, of the value 'hot'. */
const written = ['kept', 'kept-too', 'kept-1', 'kept-2', 'overwritten', 'deleted', 'many-1', 'many-2', 'hot']

const chains = [
  ['redis'],
  ['memory', 'redis'],
  ['redis', 'sqlite'],
  ['redis', 'dynamodb'],
  ['memory', 'redis', 'sqlite'],
]

for (const names of chains) {
  describe(`in ${names.join(' > ')}, a Redis that`, { concurrency: 4 }, () => {
    for (const [name, fault] of Object.entries(faults)) {
      test(`${name} leaves nothing hanging, lost or wrong, and is used again afterwards`, async (t) => {
        const site = await siteOf(t, ...names)
        const kv = await site.open()
        const deadline = deadlineIn(names)
        const history = new History(kv, { authority: site.authority, deadline, check: checkOf(fault) })
        for (const key of written) await history.prepare(key, 'hot')
        for (let n = 0; n < ROUNDS; n += 1) await history.prepare(`deleted-${n}`, 'old')
        history.mayApply = fault.mayApply && site.authority === 'redis'
        const stop = names[0] === 'memory' ? hotReads(kv) : undefined

        await fault.begin(site)
        for (let n = 0; n < ROUNDS; n += 1) {
          await round(history, n)
          await sleep(PAUSE)
        }
        await fault.end(site)

        const begin = performance.now()
        const isThere = async () => (await site.redis.command('EXISTS', 'again')) === '1'
        await until(() => kv.set('again', 'value').then(isThere, () => false))
        const took = performance.now() - begin
        assert.ok(took < BACK_IN_USE, `it was used again after ${Math.round(took)} ms`)
        if (stop) assert.ok((await stop()) > ROUNDS)

        for (const key of history.keys) history.found(key, await eventually(() => kv.get(key)))
        await agreeInTheEnd(kv, await site.openElsewhere(), history)
      })
    }
  })
}

/**
 * Another process may find old values in a shared cache, but only until they have been invalidated there. Then all see
 * the same: where nobody knew whether a write was made, nothing in memory may hide it.
 */
async function agreeInTheEnd(kv, other, history) {
  const elsewhere = (key) => eventually(() => other.get(key))
  for (const key of history.keys) await until(async () => history.possible(key).has(await elsewhere(key)))
  for (const key of history.keys) {
    const value = await elsewhere(key)
    history.found(key, value)
    assert.equal(await eventually(() => kv.get(key)), value, key)
  }
}
