'use strict'

// What RedKV does to the process that it lives in.

const assert = require('node:assert/strict')
const { symlinkSync, mkdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { child, childOf, root, run } = require('../support/child.js')
const { freshFile, freshFolder } = require('../support/fresh.js')

/** Asserts that a process ended as wanted, and shows what it printed if it did not. */
function ended(result, code, stdout) {
  assert.deepEqual({ code: result.code, signal: result.signal }, { code, signal: null }, result.stderr)
  if (stdout !== undefined) assert.equal(result.stdout, stdout, result.stderr)
}

describe('a process without close() ends by itself', () => {
  test('with an instance without stores', async () => {
    ended(await child('new RedKV()'), 0)
  })

  test('with a store in memory', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.set('key', 'value')
      console.log(await kv.get('key'))
    })
    ended(result, 0, 'value\n')
  })

  test('with a store in memory after ready()', async () => {
    const result = await childOf(async () => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.ready()
      console.log('ready')
    })
    ended(result, 0, 'ready\n')
  })

  test('with a SQLite file that was never used', async (t) => {
    const result = await childOf((path) => {
      new RedKV().addStore('sqlite', { path })
    }, freshFile(t))
    ended(result, 0)
  })

  test('with a SQLite file', async (t) => {
    const result = await childOf(async (path) => {
      const kv = new RedKV()
      kv.addStore('memory')
      kv.addStore('sqlite', { path })
      await kv.set('key', 'value')
      console.log(await kv.get('key'))
    }, freshFile(t))
    ended(result, 0, 'value\n')
  })

  test('with a store that cannot be reached and that nobody waits for', async () => {
    const result = await childOf(() => {
      const kv = new RedKV()
      const keys = { accessKeyId: 'id', secretAccessKey: 'secret' }
      kv.addStore('dynamodb', { tableName: 't', endpoint: 'http://127.0.0.1:9', region: 'us-east-1', ...keys })
    })
    ended(result, 0)
  })
})

describe('a process waits for operations that are pending', () => {
  test('and ends when they are done', async (t) => {
    const path = freshFile(t)
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      for (let n = 0; n < 1000; n += 1) kv.set(n, 'value')
      kv.get(999).then((value) => console.log(value))
    }, path)
    ended(result, 0, 'value\n')
  })

  test('and for ready()', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      kv.ready().then(() => console.log('ready'))
    }, freshFile(t))
    ended(result, 0, 'ready\n')
  })

  test('and for close()', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      kv.set('key', 'value')
      kv.close().then(() => console.log('closed'))
    }, freshFile(t))
    ended(result, 0, 'closed\n')
  })

  test('also when they begin after a time with none', async (t) => {
    const result = await childOf(async (path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      await kv.set('key', 'value')
      setTimeout(() => kv.get('key').then((value) => console.log(value)), 50)
    }, freshFile(t))
    ended(result, 0, 'value\n')
  })
})

describe('a process that ends in the middle of operations', () => {
  test('has the exit code of process.exit()', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('memory')
      kv.addStore('sqlite', { path })
      for (let n = 0; n < 5000; n += 1) kv.set(n, 'value')
      setImmediate(() => process.exit(7))
    }, freshFile(t))
    ended(result, 7)
  })

  test('also when process.exit() is called before they left the turn of the event loop', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      for (let n = 0; n < 5000; n += 1) kv.set(n, 'value')
      process.exit(7)
    }, freshFile(t))
    ended(result, 7)
  })

  test('also when it is called where a promise was settled', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      for (let n = 0; n < 5000; n += 1) kv.set(n, 'value').then(() => process.exit(7))
    }, freshFile(t))
    ended(result, 7)
  })

  test('has exit code 1 after an uncaught exception', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      for (let n = 0; n < 5000; n += 1) kv.set(n, 'value')
      setImmediate(() => {
        throw new Error('uncaught on purpose')
      })
    }, freshFile(t))
    ended(result, 1)
    assert.match(result.stderr, /uncaught on purpose/)
  })

  test('may start operations in its exit event', async (t) => {
    const result = await childOf((path) => {
      const kv = new RedKV()
      kv.addStore('sqlite', { path })
      process.on('exit', () => {
        kv.set('key', 'value')
        kv.close()
      })
    }, freshFile(t))
    ended(result, 0)
  })
})

describe('a rejection that nobody handles', () => {
  for (const call of ["get('key')", "set('key', 'value')", "getMany(['a', 'b'])", 'get(undefined)', 'setMany(null)']) {
    test(`of ${call} is told once, as any other`, async () => {
      const result = await child(`
        let count = 0
        process.on('unhandledRejection', (error) => console.log(error.code, (count += 1)))
        const kv = new RedKV()
        kv.addStore('memory')
        kv.close()
        kv.${call}
      `)
      assert.match(result.stdout, /^ERR_REDKV_\w+ 1\n$/)
      ended(result, 0)
    })
  }

  test('ends the process with code 1', async () => {
    const result = await child("new RedKV().get('key')")
    ended(result, 1)
    assert.match(result.stderr, /ERR_REDKV_NO_STORES/)
  })

  test('does not come from a store that cannot come up when nobody asked', async () => {
    const result = await childOf(() => {
      process.on('unhandledRejection', (error) => console.log(error))
      process.on('warning', (warning) => console.log(warning))
      const kv = new RedKV()
      kv.addStore('sqlite', { path: '/missing/folder/of/redkv/file' })
      setTimeout(() => {}, 100)
    })
    ended(result, 0, '')
  })
})

// Not on other systems: only Linux lists threads as files.
if (process.platform === 'linux') {
  test('an idle process has no thread for an instance with a store in memory', async () => {
    const result = await childOf(async () => {
      const { readdirSync } = require('node:fs')
      const threads = () => readdirSync('/proc/self/task').length
      const before = threads()
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.set('key', 'value')
      await kv.getMany(['key', 'missing'])
      await kv.delete('key')
      console.log(threads() - before)
    })
    ended(result, 0, '0\n')
  })
}

// Not on Windows, where no limit of open files can be set.
if (process.platform !== 'win32') {
  test('without a thread for its work every operation is rejected, and later ones work', async () => {
    const script = `
      const { openSync, closeSync } = require('node:fs')
      const RedKV = require(${JSON.stringify(root)})
      const open = []
      try {
        for (;;) open.push(openSync('/dev/null'))
      } catch {}
      const kv = new RedKV()
      kv.addStore('sqlite', { path: ':memory:' })
      const report = (error) => console.log(error.code, error.message)
      Promise.all([kv.set('key', 'value').catch(report), kv.ready().catch(report)]).then(async () => {
        open.forEach((file) => closeSync(file))
        await kv.set('key', 'value')
        console.log(await kv.get('key'))
      })
    `
    const limited = ['-c', 'ulimit -n 64 && exec "$0" "$@"', process.execPath, '--eval', script]
    const said = 'ERR_REDKV_STORE the I/O thread could not be started: Too many open files (os error 24)\n'
    ended(await run('sh', limited), 0, `${said}${said}value\n`)
  })

  test('without a descriptor for it a file is not opened, as its error says, and later it is', async (t) => {
    const script = `
      const { openSync, closeSync } = require('node:fs')
      const RedKV = require(${JSON.stringify(root)})
      const use = async (path) => {
        const kv = new RedKV()
        kv.addStore('sqlite', { path })
        await kv.set('key', 'value')
        return kv
      }
      use(':memory:').then(async () => {
        const open = []
        try {
          for (;;) open.push(openSync('/dev/null'))
        } catch {}
        const path = ${JSON.stringify(freshFile(t))}
        const error = await use(path).catch((error) => error)
        open.forEach((file) => closeSync(file))
        console.log(error.code, error.retryable, error.message.replace(path, 'file'))
        const kv = await use(path)
        console.log(await kv.get('key'))
      })
    `
    const limited = ['-c', 'ulimit -n 64 && exec "$0" "$@"', process.execPath, '--eval', script]
    const said = "ERR_REDKV_STORE true sqlite: 'file' cannot be opened: Too many open files (os error 24)\n"
    ended(await run('sh', limited), 0, `${said}value\n`)
  })
}

test('the module may be loaded more than once in a process', async () => {
  const result = await childOf(async (root) => {
    Object.keys(require.cache).forEach((path) => delete require.cache[path])
    const Second = require(root)
    const [first, second] = [RedKV, Second].map((Class) => new Class())
    first.addStore('sqlite', { path: ':memory:' })
    second.addStore('sqlite', { path: ':memory:' })
    await Promise.all([second.set('key', 'of the second'), first.set('key', 'of the first')])
    console.log(RedKV === Second, await first.get('key'), await second.get('key'))
    const errors = await Promise.all([first.set('key', null), second.set('key', null)].map((set) => set.catch((e) => e)))
    console.log(errors.map((error) => error.code).join())
  }, root)
  ended(result, 0, 'false of the first of the second\nERR_REDKV_ARGUMENT,ERR_REDKV_ARGUMENT\n')
})

test('require gives the class itself, import gives it as default and by name', async (t) => {
  const folder = freshFolder(t)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'redkv'), 'junction')
  writeFileSync(join(folder, 'main.mjs'), `
    import Default, { RedKV, RedKVError } from 'redkv'
    import { createRequire } from 'node:module'
    const required = createRequire(import.meta.url)('redkv')
    console.log(Default === required, RedKV === required, RedKVError === required.RedKVError)
    const kv = new RedKV()
    kv.addStore('memory')
    await kv.set('key', 'value')
    console.log(await kv.get('key'))
  `)
  ended(await run(process.execPath, [join(folder, 'main.mjs')]), 0, 'true true true\nvalue\n')
})

test('2,000 instances that were dropped are collected, with their stores', async () => {
  const script = `
    const { setImmediate: turn } = require('node:timers/promises')
    async function instances(count) {
      for (let n = 0; n < count; n += 1) {
        const kv = new RedKV()
        kv.addStore('memory')
        await kv.set('key', Buffer.alloc(100_000))
        if (n % 100 === 0) {
          gc()
          await turn()
        }
      }
      gc()
      await turn()
      return process.memoryUsage().rss
    }
    instances(500).then(async (before) => {
      const after = await instances(2000)
      console.log(after - before < 100_000_000 ? 'collected' : \`\${before} bytes became \${after}\`)
    })
  `
  ended(await child(script, '--expose-gc'), 0, 'collected\n')
})
