'use strict'

// A master dies while it is used as fast as it goes, and a replica takes its place. Redis may lose what it acknowledged
// and had not sent to the replica yet; nothing else is lost, and nothing stays pending.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { Counter } = require('../support/counter.js')
const { settledWithin } = require('../support/deadline.js')
const { freshFile } = require('../support/fresh.js')
const { privateCluster, privateSentinels, valueOn } = require('../support/servers/redis-sites.js')
const { eventually, until } = require('../support/wait.js')

const KEYS = 30
const TIMEOUT = 500
const TIMEOUT_OF_OTHERS = 3_000

const sites = { 'a cluster': privateCluster, 'a server behind sentinels': privateSentinels }

async function open(t, site, names) {
  const kv = new RedKV()
  t.after(() => kv.close())
  for (const name of names) {
    if (name === 'redis') kv.addStore('redis', site.options, { timeout: TIMEOUT, connectTimeout: TIMEOUT_OF_OTHERS })
    else if (name === 'sqlite') kv.addStore('sqlite', { path: freshFile(t) }, { timeout: TIMEOUT_OF_OTHERS })
    else kv.addStore(name)
  }
  await kv.ready()
  return kv
}

/** A key whose writer can be stopped before the others, and whose reader takes what Redis has lost for lost. */
class Failing extends Counter {
  stopped = false

  async write(load) {
    const own = this
    await super.write({
      get goesOn() {
        return load.goesOn && !own.stopped
      },
    })
    this.ended = true
  }
}

for (const [title, start] of Object.entries(sites)) {
  describe(`${title} whose master is killed under load`, () => {
    for (const names of [['redis'], ['memory', 'redis']]) {
      test(`in ${names.join(' > ')} keeps what its replica had, and what was acknowledged later`, async (t) => {
        const site = await start(t)
        const kv = await open(t, site, names)
        const load = { goesOn: true }
        const counters = Array.from({ length: KEYS }, (_, n) => new Failing(kv, `key-${n}`, TIMEOUT))
        const running = Promise.all(counters.map((counter) => counter.write(load)))
        await Promise.race([running, until(() => counters.every(({ acknowledged }) => acknowledged > 20))])

        const victim = await site.masterOf(counters[0].key)
        const replica = await site.replicaOf(victim)
        const theirs = []
        for (const counter of counters) if ((await site.masterOf(counter.key)) === victim) theirs.push(counter)
        const stopped = theirs.filter((_, n) => n % 2 === 0)
        const going = counters.filter((counter) => !stopped.includes(counter))
        for (const counter of stopped) counter.stopped = true
        for (const counter of stopped) {
          await until(() => counter.ended)
          await until(async () => (await valueOn(replica, counter.key)) >= counter.acknowledged)
        }
        await victim.kill()
        const before = going.map(({ issued }) => issued)
        await Promise.race([running, until(() => going.every(({ acknowledged }, n) => acknowledged > before[n] + 5))])
        load.goesOn = false
        await running

        assert.ok(going.some(({ refused }) => refused > 0), 'the fail-over was noticed')
        // The sentinel that it asks first may not have heard of the new master yet.
        const other = await eventually(() => open(t, site, ['redis']))
        for (const counter of counters) {
          counter.check(await eventually(() => kv.get(counter.key)))
          counter.check(await eventually(() => other.get(counter.key)))
        }
      })
    }

    test('in memory > redis > sqlite loses nothing at all', async (t) => {
      const site = await start(t)
      const kv = await open(t, site, ['memory', 'redis', 'sqlite'])
      const load = { goesOn: true }
      const counters = Array.from({ length: KEYS }, (_, n) => new Counter(kv, `key-${n}`, TIMEOUT + TIMEOUT_OF_OTHERS))
      const running = Promise.all(counters.flatMap((counter) => [counter.write(load), counter.read(load)]))
      await Promise.race([running, until(() => counters.every(({ acknowledged }) => acknowledged > 20))])
      const victim = await site.masterOf(counters[0].key)
      await victim.kill()
      await Promise.race([running, until(() => counters.some(({ refused }) => refused > 0))])
      const before = counters.map(({ issued }) => issued)
      await Promise.race([running, until(() => counters.every(({ acknowledged }, n) => acknowledged > before[n] + 5))])
      load.goesOn = false
      await running
      for (const counter of counters) counter.check(await eventually(() => kv.get(counter.key)))
    })
  })
}

test('a node of a cluster that hangs does not take the others with it', async (t) => {
  const site = await privateCluster(t)
  const kv = await open(t, site, ['redis'])
  const keys = Array.from({ length: KEYS }, (_, n) => `key-${n}`)
  await kv.setMany(keys.map((key) => [key, key]))
  const victim = await site.masterOf(keys[0])
  const others = []
  for (const key of keys) if ((await site.masterOf(key)) !== victim) others.push(key)
  victim.pause()
  t.after(() => victim.resume())
  // Who is first waits for it; so may those who come in the same batch.
  await assert.rejects(settledWithin(TIMEOUT, kv.get(keys[0])).then(({ error }) => Promise.reject(error)))
  for (const key of others) assert.equal(await kv.get(key), key)
  // And its replica takes its place.
  await until(() => kv.get(keys[0]).then((value) => value === keys[0], () => false))
})
