'use strict'

// Test runners, hot reload: the JavaScript side is loaded again and again, into one process.

const { describe, test } = require('node:test')
const { childOf, printed, root } = require('../support/child.js')

/** What the scripts of child processes begin with. */
const helpers = `
  const { readFileSync, readdirSync } = require('node:fs')
  const { createRequire } = require('node:module')
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const isOurs = (file) => !file.endsWith('.node')
  function fresh(root) {
    for (const file of Object.keys(require.cache).filter(isOurs)) delete require.cache[file]
    // Its own, because a module has all those that it ever loaded.
    return createRequire(root + '/index.js')(root)
  }
  function taken() {
    // Elsewhere nothing tells of them.
    if (process.platform !== 'linux') return { threads: 0, descriptors: 0 }
    const [, threads] = /Threads:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
    return { threads: Number(threads), descriptors: readdirSync('/proc/self/fd').length }
  }
  async function grows(use, times) {
    for (let n = 0; n < 5; n += 1) await use(n)
    for (let n = 0; n < 20; n += 1) { globalThis.gc(); await sleep(5) }
    const before = taken()
    for (let n = 0; n < times; n += 1) await use(n)
    // What was collected is given back in turns of the event loop.
    let after
    for (let n = 0; n < 400; n += 1) {
      globalThis.gc()
      await sleep(5)
      after = taken()
      if (after.threads <= before.threads && after.descriptors <= before.descriptors) break
    }
    return [Math.max(0, after.threads - before.threads), Math.max(0, after.descriptors - before.descriptors)].join()
  }
`

/** Runs `script(root)` in a process of its own, with the helpers at hand. */
const scripted = (script) => childOf(`(root) => { ${helpers}; return (${script})(root) }`, root, '--expose-gc')

/* global fresh, grows, sleep */
describe('copies of the module give back their threads and descriptors', () => {
  test('when their instances are closed', async () => {
    const result = await scripted(async (root) => {
      console.log(await grows(async (n) => {
        const kv = new (fresh(root))()
        kv.addStore('memory')
        kv.addStore('sqlite', { path: ':memory:' })
        await kv.set('key', n)
        await kv.close()
      }, 40))
    })
    printed(result, '0,0\n')
  })

  test('when their instances are dropped without close()', async () => {
    const result = await scripted(async (root) => {
      console.log(await grows(async (n) => {
        const kv = new (fresh(root))()
        kv.addStore('sqlite', { path: ':memory:' })
        await kv.set('key', n)
      }, 40))
    })
    printed(result, '0,0\n')
  })

  test('and their memory, once nobody has them', async () => {
    const result = await scripted(async (root) => {
      const seen = []
      const use = async () => {
        const Copy = fresh(root)
        seen.push(new WeakRef(Copy))
        const kv = new Copy()
        kv.addStore('sqlite', { path: ':memory:' })
        await kv.get('key')
        await kv.close()
      }
      console.log(await grows(use, 20))
      fresh(root)
      let left = seen.length
      for (let n = 0; n < 400 && left > 1; n += 1) {
        globalThis.gc()
        await sleep(5)
        left = seen.filter((reference) => reference.deref() !== undefined).length
      }
      console.log(left <= 1)
    })
    printed(result, '0,0\ntrue\n')
  })
})

describe('when all instances are closed', () => {
  test('later ones work, again and again', async () => {
    const result = await childOf(async () => {
      for (let n = 0; n < 30; n += 1) {
        const kv = new RedKV()
        kv.addStore('sqlite', { path: ':memory:' })
        await kv.set('key', n)
        if ((await kv.get('key')) !== String(n)) throw new Error('lost')
        await Promise.all([kv.close(), kv.close()])
      }
      console.log('worked')
    })
    printed(result, 'worked\n')
  })

  test('a closed one still says that it is, and closes again', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      await kv.set('key', 'value')
      await kv.close()
      const calls = [() => kv.get('key'), () => kv.setMany({ a: 1 }), () => kv.ready(), () => kv.clear(), () => kv.flush(), () => kv.keys().next()]
      for (const call of calls) console.log(await call().catch((error) => error.code))
      await kv.close()
      const other = new RedKV()
      other.addStore('sqlite', { path: ':memory:' })
      await other.set('key', 'value')
      await kv.close()
      console.log(await other.get('key'), kv.stats().pending)
    })
    printed(result, `${'ERR_REDKV_CLOSED\n'.repeat(6)}value 0\n`)
  })

  test('in a worker thread likewise', async () => {
    const result = await childOf(async (root) => {
      const { Worker } = require('node:worker_threads')
      const source = `
        const RedKV = require(${JSON.stringify(root)})
        ;(async () => {
          for (let n = 0; n < 10; n += 1) {
            const kv = new RedKV()
            kv.addStore('sqlite', { path: ':memory:' })
            await kv.set('key', n)
            await kv.close()
          }
          console.log('worked')
        })()`
      await new Promise((resolve) => new Worker(source, { eval: true }).once('exit', resolve))
    }, root)
    printed(result, 'worked\n')
  })
})

describe('two copies of the module in one process', () => {
  test('know the errors of each other', async () => {
    const result = await scripted(async (root) => {
      const [one, other] = [fresh(root), fresh(root)]
      const error = await new one().get('key').catch((error) => error)
      console.log(one === other, error instanceof one.RedKVError, error instanceof other.RedKVError)
      console.log(new Error() instanceof one.RedKVError, {} instanceof one.RedKVError)
      class Own extends one.RedKVError {}
      console.log(error instanceof Own, new Own('ERR_REDKV_STORE', 'own') instanceof other.RedKVError)
    })
    printed(result, 'false true true\nfalse false\nfalse true\n')
  })

  test('refuse the instances of each other, and say where they are', async () => {
    const result = await scripted(async (root) => {
      const [one, other] = [fresh(root), fresh(root)]
      try {
        new one().addChain(new other())
      } catch ({ code, field, message }) {
        console.log(code, field, message.replaceAll(root, '<root>'))
      }
    })
    const message = 'the RedKV that was given is of another copy of redkv than this one: <root>, which was loaded twice'
    printed(result, `ERR_REDKV_ARGUMENT chain ${message}\n`)
  })
})
