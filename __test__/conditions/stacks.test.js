'use strict'

// Errors that come later than the call: their stack is that of who waits.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setImmediate } = require('node:timers/promises')
const RedKV = require('../..')

/** An instance whose only store fails, later than it is called. */
function failing(t) {
  const kv = new RedKV()
  kv.addStore('redis', { host: '127.0.0.1', port: 1 }, { circuitBreaker: false })
  t.after(() => kv.close({ timeout: 1 }))
  return kv
}

const { signal } = new AbortController()

const ways = {
  get: (kv) => kv.get('k'),
  getBuffer: (kv) => kv.getBuffer('k'),
  has: (kv) => kv.has('k'),
  set: (kv) => kv.set('k', 'v'),
  delete: (kv) => kv.delete('k'),
  getMany: (kv) => kv.getMany(['k', 'l']),
  hasMany: (kv) => kv.hasMany(['k', 'l']),
  setMany: (kv) => kv.setMany({ k: '1', l: '2' }),
  deleteMany: (kv) => kv.deleteMany(['k', 'l']),
  clear: (kv) => kv.clear(),
  ready: (kv) => kv.ready(),
  'get with a signal': (kv) => kv.get('k', { signal }),
  'get among others': (kv) => Promise.all([kv.get('k'), kv.get('l')]),
  'get with a handler of its own': (kv) => kv.get('k').finally(() => {}),
  keys: (kv) => kv.keys().next(),
}

describe('the stack of an error has the callers', () => {
  for (const [way, call] of Object.entries(ways)) {
    test(`of ${way}`, async (t) => {
      const kv = failing(t)
      async function readUser() {
        await call(kv)
      }
      async function handleRequest() {
        await readUser()
      }
      const error = await handleRequest().catch((error) => error)
      assert.match(error.code, /^ERR_REDKV_(CONNECTION|PARTIAL)$/)
      const [first, ...frames] = error.stack.split('\n')
      assert.equal(first, `RedKVError: ${error.message}`)
      assert.match(frames.join('\n'), /at async readUser .*stacks\.test\.js.*\n.*at async handleRequest .*stacks\.test\.js/)
    })
  }

  test('of for await', async (t) => {
    const kv = failing(t)
    async function listUsers() {
      for await (const key of kv.keys()) assert.fail(key)
    }
    const error = await listUsers().catch((error) => error)
    assert.match(error.stack, /at async listUsers .*stacks\.test\.js/)
  })

  test('of a wrong argument, too', async (t) => {
    const kv = failing(t)
    async function readUser() {
      await kv.get(undefined)
    }
    const error = await readUser().catch((error) => error)
    assert.match(error.stack, /at .*readUser .*stacks\.test\.js/)
  })
})

test('an error that nobody waits for yet has its message for a stack', async (t) => {
  const kv = failing(t)
  const reading = kv.get('k')
  reading.catch(() => {})
  reading.catch(() => {})
  const error = await reading.catch((error) => error)
  assert.equal(error.stack.split('\n')[0], `RedKVError: ${error.message}`)
})

describe('a promise of a failure rejects, whatever others made of', () => {
  /** The code of the failure while a property of a global object has another value. */
  async function codeWith(t, object, name, descriptor) {
    const kv = failing(t)
    const before = Object.getOwnPropertyDescriptor(object, name)
    Object.defineProperty(object, name, { configurable: true, ...descriptor })
    try {
      await kv.get('k')
      return 'resolved'
    } catch (error) {
      return error.code
    } finally {
      Object.defineProperty(object, name, before)
    }
  }

  const fail = () => {
    throw new Error('not this one')
  }

  test('Reflect.apply', async (t) => {
    assert.equal(await codeWith(t, Reflect, 'apply', { value: fail }), 'ERR_REDKV_CONNECTION')
  })

  test('the species of promises', async (t) => {
    const other = class {
      constructor(executor) {
        executor(() => {}, () => {})
      }
    }
    assert.equal(await codeWith(t, Promise, Symbol.species, { get: () => other }), 'ERR_REDKV_CONNECTION')
  })
})

test('many thousand failures reject over many turns of the event loop', async (t) => {
  const kv = failing(t)
  let failed = 0
  for (let n = 0; n < 20_000; n++) kv.get(n).catch(() => (failed += 1))
  while (failed === 0) await setImmediate()
  let turns = 0
  for (; failed < 20_000; turns += 1) await setImmediate()
  assert.ok(turns > 4, `${turns} turns`)
})

test('keys of a batch that failed for the same reason share an error', async (t) => {
  const kv = failing(t)
  const { errors } = await kv.getMany(Array.from({ length: 5000 }, (_, n) => n)).catch((error) => error)
  assert.equal(errors.size, 5000)
  // A store is asked for a batch in pieces: the keys of each share one.
  assert.ok(new Set(errors.values()).size < 20)
})
