'use strict'

// A Redis dies, stops and comes back while it is used as fast as it goes. Each key has one writer, which counts, and one
// reader: it never sees less than what was acknowledged when it asked.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Counter } = require('../support/counter.js')
const { TIMEOUT, TIMEOUT_OF_OTHERS, siteOf } = require('../support/servers/redis-site.js')
const { eventually, until } = require('../support/wait.js')

const KEYS = 40
const TIMES = 5

const disturbances = {
  'killed and restarted': async ({ redis }) => {
    await redis.kill()
    await sleep(150)
    await redis.start()
  },
  'stopped and continued': async ({ redis }) => {
    redis.pause()
    await sleep(TIMEOUT * 1.5)
    redis.resume()
  },
  'cut off': async ({ proxy }) => proxy.cut(),
  'cut off, with answers lost': async ({ proxy }) => {
    proxy.loseReplies(3)
    await sleep(50)
    proxy.pass()
  },
  'half-open for a while': async ({ proxy }) => {
    proxy.swallow()
    await sleep(TIMEOUT * 1.5)
    proxy.pass()
  },
}

for (const names of [['redis'], ['memory', 'redis'], ['redis', 'sqlite'], ['memory', 'redis', 'sqlite']]) {
  describe(`in ${names.join(' > ')}, a Redis under load`, { concurrency: 2 }, () => {
    for (const [name, disturb] of Object.entries(disturbances)) {
      test(`is ${name}, ${TIMES} times: nothing that was acknowledged is lost`, async (t) => {
        const site = await siteOf(t, ...names)
        const kv = await site.open()
        const deadline = TIMEOUT + (names.includes('sqlite') ? TIMEOUT_OF_OTHERS : 0)
        const counters = Array.from({ length: KEYS }, (_, n) => new Counter(kv, `key-${n}`, deadline))
        const load = { goesOn: true }
        const running = Promise.all(counters.flatMap((counter) => [counter.write(load), counter.read(load)]))
        const disturbing = (async () => {
          for (let n = 0; n < TIMES; n += 1) {
            await sleep(100)
            await disturb(site)
            const { acknowledged } = counters[0]
            await Promise.race([running, until(() => counters[0].acknowledged > acknowledged)])
          }
        })()
        await Promise.race([running, disturbing])
        load.goesOn = false
        await running
        for (const counter of counters) counter.check(await eventually(() => kv.get(counter.key)))
        const other = await site.openElsewhere()
        const elsewhere = ({ key }) => eventually(() => other.get(key))
        for (const counter of counters) await until(async () => Number(await elsewhere(counter)) >= counter.acknowledged)
        for (const counter of counters) counter.check(await elsewhere(counter))
        assert.ok(counters.every(({ acknowledged, reads }) => acknowledged > TIMES && reads > TIMES))
      })
    }
  })
}
