'use strict'

// An S3 that cannot be reached, as the source of truth after a Redis, and what its refusals look like from here.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const RedKV = require('../..')
const { settledWithin } = require('../support/deadline.js')
const { freshPrefix, server } = require('../support/fresh.js')
const { proxyTo, targetOf } = require('../support/servers/proxy.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')
const { clientOptions, freshBucket } = require('../support/servers/s3.js')
const { until } = require('../support/wait.js')

const emulator = () => server('REDKV_TEST_S3_ENDPOINT')

/** How long an operation on the bucket may take, in milliseconds. */
const TIMEOUT = 1_000

/** Redis in front of a bucket of its own that is reached at `endpoint`; `elsewhere` is the bucket alone, reached directly. */
async function chain(t, endpoint) {
  const bucket = await freshBucket(t, emulator())
  const [kv, elsewhere] = [new RedKV(), new RedKV()]
  t.after(() => Promise.all([kv.close(), elsewhere.close()]))
  kv.addStore('redis', { url: server('REDKV_TEST_REDIS_URL'), prefix: freshPrefix() })
  kv.addStore('s3', { ...clientOptions(endpoint), bucket }, { timeout: TIMEOUT })
  elsewhere.addStore('s3', { ...clientOptions(emulator()), bucket })
  await kv.ready()
  return { kv, elsewhere }
}

describe('a bucket that cannot be reached', () => {
  const unreachable = {
    'because connections are refused': (proxy) => {
      proxy.refuse()
      proxy.cut()
    },
    'because it hangs': (proxy) => proxy.swallow(),
    'because it answers garbage': (proxy) => proxy.talkNonsense(),
    'because every answer is lost': (proxy) => proxy.loseReplies(Infinity),
  }

  for (const [name, begin] of Object.entries(unreachable)) {
    test(`${name} fails within its timeout, its cache serves on, and it is used again`, async (t) => {
      const proxy = await proxyTo(t, targetOf(emulator()))
      const { kv, elsewhere } = await chain(t, `http://127.0.0.1:${proxy.port}`)
      await kv.setMany({ cached: 'value', kept: 'old' })
      begin(proxy)
      const codes = new Set()
      for (let n = 0; n < 5; n += 1) {
        const operations = [kv.get('cold'), kv.set(`new-${n}`, 'value'), kv.delete(`old-${n}`), kv.has('cold')]
        for (const { error } of await Promise.all(operations.map((operation) => settledWithin(TIMEOUT, operation)))) {
          assert.deepEqual([error.store, error.retryable], ['s3', true], error.message)
          codes.add(error.code)
        }
        assert.equal((await settledWithin(0, kv.get('cached'))).value, 'value')
      }
      for (const code of codes) assert.match(code, /^ERR_REDKV_(CONNECTION|TIMEOUT)$/)
      proxy.pass()
      if (name.includes('refused')) await proxy.accept()
      await until(() => kv.set('again', 'value').then(() => true, () => false))
      assert.deepEqual(await elsewhere.getMany(['kept', 'again']), ['old', 'value'])
    })
  }
})

test('a bucket that does not exist is named by ready and by operations', async (t) => {
  const kv = new RedKV()
  t.after(() => kv.close())
  kv.addStore('s3', { ...clientOptions(emulator()), bucket: 'redkv-missing' })
  for (const error of [await rejectionOf(() => kv.ready()), await rejectionOf(() => kv.get('key'))]) {
    assert.deepEqual([error.code, error.store, error.retryable], ['ERR_REDKV_STORE', 's3', false])
    assert.match(error.message, /the bucket 'redkv-missing' does not exist/)
  }
})

test('a key that is too long for the name of an object is refused alone', async (t) => {
  const { kv } = await chain(t, emulator())
  const [long, escaped] = ['k'.repeat(1025), '%'.repeat(400)]
  isArgumentError(await rejectionOf(() => kv.set(long, 'value')), 'key', 's3')
  isArgumentError(await rejectionOf(() => kv.set(escaped, 'value')), 'key', 's3')
  const error = await rejectionOf(() => kv.setMany({ [escaped]: 'value', short: 'value' }))
  assert.deepEqual([error.code, [...error.errors.keys()]], ['ERR_REDKV_PARTIAL', [escaped]])
  assert.equal(await kv.get('short'), 'value')
})
