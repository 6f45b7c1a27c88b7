'use strict'

// A Redis fails in every way it can, in front of other stores, behind a memory and alone: what users count on holds
// meanwhile and afterwards.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { settledWithin } = require('./support/deadline.js')
const { History } = require('./support/history.js')
const { faults } = require('./support/redis-faults.js')
const { TIMEOUT, TIMEOUT_OF_OTHERS, siteOf } = require('./support/redis-site.js')
const { until } = require('./support/wait.js')

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

/** Fails on errors that do not belong to the fault. */
function checkOf(fault) {
  return ({ name, code, store, retryable, message }) => {
    assert.equal(name, 'RedKVError', message)
    // What is sent just when the server ends the connection finds that out by itself.
    if (fault.cuts && code === 'ERR_REDKV_CONNECTION' && retryable) return
    assert.ok(fault.codes.includes(code), `${code}: ${message}`)
    assert.deepEqual({ store, retryable }, { store: 'redis', retryable: fault.retryable }, message)
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

for (const names of [['redis'], ['memory', 'redis'], ['redis', 'sqlite'], ['redis', 'dynamodb']]) {
  describe(`in ${names.join(' > ')}, a Redis that`, { concurrency: 4 }, () => {
    for (const [name, fault] of Object.entries(faults)) {
      test(`${name} leaves nothing hanging, lost or wrong, and is used again afterwards`, async (t) => {
        const site = await siteOf(t, ...names)
        const kv = await site.open()
        const deadline = deadlineIn(names)
        const history = new History(kv, { authority: site.authority, deadline, check: assert.ifError })
        for (const key of written) await history.set(key, 'hot')
        for (let n = 0; n < ROUNDS; n += 1) await history.set(`deleted-${n}`, 'old')
        history.rules.check = checkOf(fault)
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

        history.rules.check = assert.ifError
        history.mayApply = false
        for (const key of history.keys) await history.get(key)
        await elsewhereAgrees(await site.openElsewhere(), history)
        for (const key of history.keys) await history.get(key)
      })
    }
  })
}

/** Another process may find old values in a shared cache, but only until they have been invalidated there. */
async function elsewhereAgrees(other, history) {
  for (const key of history.keys) await until(async () => history.possible(key).has(await other.get(key)))
  for (const key of history.keys) assert.ok(history.possible(key).has(await other.get(key)), key)
}
