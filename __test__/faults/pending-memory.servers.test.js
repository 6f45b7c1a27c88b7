'use strict'

// The memory of writes that wait for a server which does not answer.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { childOf } = require('../support/child.js')
const { privateRedis } = require('../support/servers/redis-server.js')

/** Prints how many bytes the process grew by for each of `count` writes of `size` bytes that are on their way. */
async function grow({ options, pid, size, count }) {
  const kv = new RedKV({ maxPendingBytes: 2 ** 32, maxPending: 2 ** 32 })
  kv.addStore('redis', options, { timeout: '10m' })
  // Threads, buffers and code are there before it is measured.
  await Promise.all(Array.from({ length: 10_000 }, (_, n) => kv.set(`warm-${n}`, 'w'.repeat(200))))
  process.kill(pid, 'SIGSTOP')
  // Of V8 what is used: how much it keeps beside that for later is its own business, and differs between versions.
  const held = () => {
    globalThis.gc()
    const { rss, heapTotal, heapUsed } = process.memoryUsage()
    return rss - heapTotal + heapUsed
  }
  const before = held()
  const value = Buffer.alloc(size, 'x')
  for (let n = 0; n < count; n++) {
    kv.set(`key-${n}`, value).catch(() => {})
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  console.log((held() - before) / count)
  process.kill(pid, 'SIGCONT')
  process.exit()
}

describe('writes that wait for a server which does not answer', () => {
  for (const size of [500, 2_000, 20_000]) {
    test(`take at most 1.5 times their bytes and 1 kB each, of ${size} bytes`, async (t) => {
      const server = await privateRedis(t)
      const count = Math.min(30_000, 200e6 / size)
      const { options, pid } = server
      const { stdout, stderr } = await childOf(grow, { options, pid, size, count }, '--expose-gc')
      const taken = Number(stdout)
      assert.ok(taken > 0.9 * size, `${stdout} ${stderr}`)
      assert.ok(taken <= 1.5 * size + 1024, `${Math.round(taken)} bytes for each`)
    })
  }
})
