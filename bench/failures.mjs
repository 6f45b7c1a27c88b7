// `npm run bench:failures`: what a store that is dead, hangs or comes back costs the others, and what a tombstone costs.

import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { main } from '../scripts/lib/run.mjs'
import { setup } from '../scripts/lib/setup.mjs'
import { digits } from './lib/digits.mjs'
import { median } from './lib/statistics.mjs'

const require = createRequire(import.meta.url)
const { privateRedis } = require('../__test__/support/servers/redis-server.js')

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, 'as-is': { type: 'boolean', default: false } }
})
const rounds = Number(options.rounds)
const many = 20_000

/** Runs `work` with a Redis of its own, and ends what it leaves. */
async function withRedis(RedKV, work) {
  const ends = []
  const t = { after: (end) => ends.push(end) }
  const make = () => {
    const kv = new RedKV()
    t.after(() => kv.close())
    return kv
  }
  try {
    return await work(await privateRedis(t), make)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function took(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** A tier that accepts and says nothing, with a timeout of 300 ms, in front of an authority that answers. */
function coldReads(RedKV) {
  return withRedis(RedKV, async (redis, make) => {
    const kv = make()
    kv.addStore('redis', redis.options, { timeout: 300 })
    const behind = kv.addStore('sqlite', { path: ':memory:' })
    await kv.ready()
    process.kill(redis.pid, 'SIGSTOP')
    for (let n = 0; n < 60; n++) await behind.set(`cold-${n}`, 'value')
    return took(async () => {
      for (let n = 0; n < 60; n++) {
        if ((await kv.get(`cold-${n}`)) !== 'value') throw new Error(`cold-${n} is missing`)
      }
    })
  })
}

/** Nanoseconds of a hit in memory while the Redis behind it is alive, and while it hangs under reads that miss. */
function hotReads(RedKV) {
  return withRedis(RedKV, async (redis, make) => {
    const kv = make()
    kv.addStore('memory')
    kv.addStore('redis', redis.options, { timeout: 300 })
    for (let n = 0; n < 1000; n++) await kv.set(`hot-${n}`, 'value')
    const hits = async () => {
      const millis = await took(async () => {
        for (let n = 0; n < 200 * 1000; n++) await kv.get(`hot-${n % 1000}`)
      })
      return (millis * 1e6) / (200 * 1000)
    }
    await hits()
    const alive = await hits()
    process.kill(redis.pid, 'SIGSTOP')
    const misses = setInterval(() => kv.get('miss').catch(() => {}), 20)
    await sleep(1500)
    const down = await hits()
    clearInterval(misses)
    return { alive, down }
  })
}

/** How long it takes from the moment a killed Redis answers again until the chain uses it. */
function comeback(RedKV) {
  return withRedis(RedKV, async (redis, make) => {
    const kv = make()
    kv.addStore('redis', redis.options, { timeout: 300 })
    await kv.set('key', 'value')
    await redis.kill()
    // Long enough for the longest pauses between attempts.
    for (let n = 0; n < 60; n++) {
      await kv.get('key').catch(() => {})
      await sleep(100)
    }
    await redis.start()
    return took(async () => {
      while ((await kv.get('key').catch(() => undefined)) !== 'value') await sleep(5)
    })
  })
}

/** Thousands of deletes a second in a Redis tier, 100 at a time. */
function deletes(RedKV, tierOptions) {
  return withRedis(RedKV, async (redis, make) => {
    const kv = make()
    const cache = kv.addStore('redis', redis.options, tierOptions)
    kv.addStore('sqlite', { path: ':memory:' })
    const run = () =>
      took(async () => {
        for (let n = 0; n < many; n += 100) {
          await Promise.all(Array.from({ length: 100 }, (_, index) => cache.delete(`key-${n + index}`)))
        }
      })
    await run()
    return many / (await run())
  })
}

/** The median of rounds of every figure, whose measurements take turns. */
async function measured(measurements) {
  const figures = Object.fromEntries(Object.keys(measurements).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(measurements)) {
      const got = await measure()
      if (typeof got === 'number') figures[name].push(got)
      else for (const [part, number] of Object.entries(got)) (figures[`${name}, ${part}`] ??= []).push(number)
    }
  }
  return Object.entries(figures).filter(([, all]) => all.length > 0)
}

await main(async () => {
  await setup({ addon: options['as-is'] ? 'as is' : 'fresh' })
  const RedKV = require('..')
  const figures = await measured({
    '60 cold reads in a row past a Redis that hangs, timeout 300 ms: ms': () => coldReads(RedKV),
    'a hit in memory with Redis behind: ns': () => hotReads(RedKV),
    'from the return of a Redis to its next use: ms': () => comeback(RedKV),
    'deletes in a Redis tier, 100 at a time: thousands a second': () => deletes(RedKV, {}),
    'the same with tombstones': () => deletes(RedKV, { tombstone: '30s' })
  })
  console.log('\n| what | median | least to greatest |\n| --- | ---: | ---: |')
  for (const [name, all] of figures) {
    console.log(`| ${name} | ${digits(median(all))} | ${digits(Math.min(...all))}–${digits(Math.max(...all))} |`)
  }
})
