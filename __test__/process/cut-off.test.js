'use strict'

// JavaScript that is cut off in the middle of our code, and clocks and globals that are not the real ones.

const { describe, test } = require('node:test')
const { childOf, printed, root } = require('../support/child.js')

describe('every other promise settles', () => {
  test('wherever the stack overflows in a call', async () => {
    const result = await childOf(async () => {
      process.on('unhandledRejection', () => {})
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.ready()
      const dive = (depth, ...padding) => (depth > 0 ? dive(depth - 1, ...padding) : kv.get('deep').catch(() => {}))
      // The padding moves the place at which the stack ends in small steps.
      for (let size = 0; size < 24; size += 1) {
        const padding = new Array(size).fill(0)
        let [low, high] = [0, 20_000]
        while (high - low > 1) {
          const middle = (low + high) >> 1
          try {
            dive(middle, ...padding)
            low = middle
          } catch {
            high = middle
          }
        }
        for (let depth = low - 6; depth <= low + 2; depth += 1) {
          await null
          try {
            dive(depth, ...padding)
          } catch {}
          await Promise.all(Array.from({ length: 20 }, (_, index) => kv.get(`other${index}`)))
        }
      }
      console.log('all')
      await kv.close()
    }, undefined, '--stack-size=200')
    printed(result, 'all\n')
  })

  test('when vm ends a script whose time is over', async () => {
    const result = await childOf(async () => {
      const vm = require('node:vm')
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.ready()
      const context = vm.createContext({ get: (key) => void kv.get(key).catch(() => {}) })
      for (let round = 0; round < 60; round += 1) {
        try {
          vm.runInContext('for (;;) get("a")', context, { timeout: 2 })
        } catch {}
        await Promise.all(Array.from({ length: 50 }, (_, index) => kv.get(`other${index}`)))
      }
      // Also those that nobody waits for take no place for ever.
      while (kv.stats().pending > 0) await new Promise((resolve) => setImmediate(resolve))
      console.log('all')
      await kv.close()
    })
    printed(result, 'all\n')
  })

  test('when the end of a turn is lost, in a process with nothing else to do', async () => {
    const result = await childOf(async (root) => {
      const { nextTick } = process
      let isLost = false
      process.nextTick = (...args) => isLost || nextTick(...args)
      Object.keys(require.cache).forEach((file) => file.endsWith('.node') || delete require.cache[file])
      const kv = new (require(root))()
      process.nextTick = nextTick
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.set('key', 'value')
      isLost = true
      const first = kv.get('key')
      isLost = false
      console.log(await first, await kv.get('key'))
    }, root)
    printed(result, 'value value\n')
  })

  test('when process.nextTick throws', async () => {
    const result = await childOf(async (root) => {
      const { nextTick } = process
      let throws = false
      process.nextTick = (...args) => {
        if (throws) throw new Error('injected')
        nextTick(...args)
      }
      Object.keys(require.cache).forEach((file) => file.endsWith('.node') || delete require.cache[file])
      const Patched = require(root)
      process.nextTick = nextTick
      const [kv, other] = [new Patched(), new Patched()]
      for (const each of [kv, other]) {
        each.addStore('sqlite', { path: ':memory:' })
        await each.set('key', 'value')
      }
      throws = true
      const message = await kv.get('key').catch((error) => error.message)
      throws = false
      console.log(message, await kv.get('key'), await other.get('key'))
    }, root)
    printed(result, 'injected value value\n')
  })
})

describe('under fake timers', () => {
  /** Replaces what jest.useFakeTimers() and its like replace; answers with a function that puts the real ones back. */
  const fakeTimers = `
    function fakeTimers() {
      const fakes = [[process, 'nextTick', 'hrtime']]
      fakes.push([globalThis, 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'queueMicrotask'])
      const real = fakes.flatMap(([object, ...names]) => names.map((name) => [object, name, object[name]]))
      for (const [object, name] of real) object[name] = () => {}
      return () => real.forEach(([object, name, value]) => (object[name] = value))
    }`

  test('that come after the module, operations settle', async () => {
    const script = async (root, fakeTimers) => {
      const kv = new RedKV()
      kv.addStore('memory')
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.set('key', 'value')
      const makeReal = fakeTimers()
      await kv.set('other', 'value')
      const read = [await kv.get('other'), await kv.getMany(['key', 'other']), await kv.has('none')]
      const keys = []
      for await (const key of kv.keys()) keys.push(key)
      await kv.clear()
      await kv.close()
      makeReal()
      console.log(JSON.stringify(read), keys.length)
    }
    printed(await childOf(`(root) => { ${fakeTimers}; return (${script})(root, fakeTimers) }`, root), '["value",["value","value"],false] 2\n')
  })

  test('that are there before the module, operations settle, and later ones too', async () => {
    const script = async (root, fakeTimers) => {
      Object.keys(require.cache).forEach((file) => file.endsWith('.node') || delete require.cache[file])
      const makeReal = fakeTimers()
      const kv = new (require(root))()
      kv.addStore('sqlite', { path: ':memory:' })
      for (let n = 0; n < 50; n += 1) await kv.set('key', n)
      const read = await Promise.all([kv.get('key'), kv.get('none')])
      makeReal()
      console.log(JSON.stringify(read), await kv.get('key'))
      await kv.close()
    }
    printed(await childOf(`(root) => { ${fakeTimers}; return (${script})(root, fakeTimers) }`, root), '["49",null] 49\n')
  })

  test('and with another Promise, as some libraries put there', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      const real = globalThis.Promise
      globalThis.Promise = function () {
        throw new Error('not this one')
      }
      const set = kv.set('key', 'value')
      const read = kv.get('key')
      const many = kv.getMany(['key', 'none'])
      globalThis.Promise = real
      await set
      console.log(await read, await many)
    })
    printed(result, "value [ 'value', null ]\n")
  })
})

test('what cannot be said of one failure loses no other promise', async () => {
  const result = await childOf(async () => {
    const kv = new RedKV()
    const nowhere = { bucket: 'b', endpoint: 'http://127.0.0.1:1', accessKeyId: 'i', secretAccessKey: 's', maxRetries: 0 }
    kv.addStore('s3', nowhere, { timeout: 5000 })
    const { Map } = globalThis
    const many = kv.getMany(['a', 'b']).then(() => 'read', (error) => error.message)
    const others = Array.from({ length: 20 }, (_, index) => kv.get(`other${index}`).then(() => 'read', (error) => error.code))
    // The error of many operations has a `Map` of them.
    globalThis.Map = function () {
      throw new Error('no Map')
    }
    const message = await many
    globalThis.Map = Map
    console.log(message, [...new Set(await Promise.all(others))].join(), kv.stats().pending)
    await kv.close()
  })
  printed(result, 'no Map ERR_REDKV_CONNECTION 0\n')
})
