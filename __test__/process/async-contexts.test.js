'use strict'

// AsyncLocalStorage of requests, and hooks of async_hooks that call RedKV from within its own work.

const { describe, test } = require('node:test')
const { childOf, printed, root } = require('../support/child.js')

describe('listeners run in the context in which their instance was made', () => {
  test('not in that of the request during which something happens, nor of the one that came first', async () => {
    const result = await childOf(async () => {
      const { AsyncLocalStorage } = require('node:async_hooks')
      const { channel } = require('node:diagnostics_channel')
      const requests = new AsyncLocalStorage()
      const seen = { own: new Set(), other: new Set(), metrics: new Set() }
      const open = (onMetrics) => {
        const kv = new RedKV({ onMetrics, metricsInterval: 5 })
        kv.addStore('redis', { port: 1 }, { optional: true, timeout: 1000 })
        kv.addStore('sqlite', { path: ':memory:' })
        return kv
      }
      const own = requests.run('alice', () => open(() => seen.metrics.add(requests.getStore())))
      await requests.run('alice', () => own.get('key'))
      const other = requests.run('bob', () => open())
      const subscribed = new Set()
      channel('redkv:tierError').subscribe(() => subscribed.add(requests.getStore()))
      for (const [kv, heard] of [[own, seen.own], [other, seen.other]]) {
        for (const name of ['tierError', 'tierDown']) kv.on(name, () => heard.add(requests.getStore()))
      }
      const { once } = require('node:events')
      const down = [once(own, 'tierDown'), once(other, 'tierDown')]
      await requests.run('carol', async () => {
        for (let n = 0; n < 8; n += 1) await Promise.all([own.set('key', n), other.set('key', n), own.get('none')])
      })
      await Promise.all(down)
      while (seen.metrics.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const said = Object.entries(seen).map(([name, contexts]) => `${name}: ${[...contexts]}`)
      console.log(said.join('; '), [...subscribed].sort().join())
      await Promise.all([own.close(), other.close()])
    })
    printed(result, 'own: alice; other: bob; metrics: alice alice,bob\n')
  })

  test('and a caller continues in its own', async () => {
    const result = await childOf(async () => {
      const { AsyncLocalStorage } = require('node:async_hooks')
      const requests = new AsyncLocalStorage()
      const kv = requests.run('maker', () => new RedKV())
      kv.addStore('sqlite', { path: ':memory:' })
      const one = (name) => requests.run(name, async () => {
        await kv.set(name, name)
        await kv.getMany([name, 'none'])
        return (await kv.get(name)) === requests.getStore()
      })
      const right = await Promise.all(Array.from({ length: 200 }, (_, index) => one(`request${index}`)))
      console.log(right.every(Boolean))
      await kv.close()
    })
    printed(result, 'true\n')
  })
})

describe('a hook of async_hooks that calls RedKV', () => {
  for (const name of ['init', 'before', 'after', 'promiseResolve']) {
    test(`in ${name}, from within the work of RedKV itself, loses no promise and gets its own`, async () => {
      const result = await childOf(async (name) => {
        const { createHook } = require('node:async_hooks')
        const kv = new RedKV()
        kv.addStore('sqlite', { path: ':memory:' })
        const keys = Array.from({ length: 100 }, (_, index) => `key${index}`)
        const called = []
        let isInside = false
        let calls = 0
        const call = () => {
          if (isInside || calls >= 2000) return
          isInside = true
          calls += 1
          const key = keys[calls % keys.length]
          called.push(kv.get(key).then((value) => value === null || value === key))
          called.push(kv.getMany([key, 'none']).then(([value, none]) => (value === null || value === key) && none === null))
          if (calls % 100 === 0) {
            // One that comes and goes within.
            const other = new RedKV()
            other.addStore('sqlite', { path: ':memory:' })
            called.push(other.set('key', 'value').then(() => other.close()).then(() => true))
          }
          isInside = false
        }
        const hook = createHook({ [name]: call }).enable()
        await Promise.all(keys.map((key) => kv.set(key, key)))
        const values = await Promise.all(keys.map((key) => kv.get(key)))
        for (const key of keys) await kv.has(key)
        const failing = await Promise.all(keys.map((key) => kv.get(key, { signal: 1 }).catch((error) => error.code)))
        hook.disable()
        const right = await Promise.all(called)
        console.log(calls > 100, values.every((value, index) => value === keys[index]), new Set(failing).size, right.every(Boolean))
        await kv.close()
        console.log(kv.stats().pending)
      }, name)
      printed(result, 'true true 1 true\n0\n')
    })
  }

  test('while the first instance of all is made and its thread is started', async () => {
    const result = await childOf(async (root) => {
      Object.keys(require.cache).forEach((file) => file.endsWith('.node') || delete require.cache[file])
      const { createHook } = require('node:async_hooks')
      const Copy = require(root)
      const called = []
      let kv
      let isInside = false
      const hook = createHook({
        init() {
          if (isInside || called.length > 100) return
          isInside = true
          const inner = new Copy()
          inner.addStore('sqlite', { path: ':memory:' })
          called.push(inner.set('key', 'inner').then(() => inner.get('key')).then(async (value) => (await inner.close(), value)))
          if (kv !== undefined) called.push(kv.get('key').then(() => 'inner'))
          isInside = false
        },
      }).enable()
      kv = new Copy()
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.set('key', 'value')
      hook.disable()
      console.log([...new Set(await Promise.all(called))].join(), await kv.get('key'))
      await kv.close()
    }, root)
    printed(result, 'inner value\n')
  })
})
