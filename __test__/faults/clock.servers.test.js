'use strict'

// When the clock of the machine is set back, or forward, while a process runs.

const assert = require('node:assert/strict')
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { prelude, run } = require('../support/child.js')
const { freshFolder, server } = require('../support/fresh.js')

/** Runs `program` in a process whose time of day is moved by what `setClock(seconds)` says there. */
async function withAClock(t, program) {
  const time = join(freshFolder(t), 'time')
  writeFileSync(time, '+0\n')
  const env = {
    ...process.env,
    LD_PRELOAD: server('REDKV_TEST_FAKETIME_LIBRARY'),
    FAKETIME_TIMESTAMP_FILE: time,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  const source = `${prelude};(${program})(${JSON.stringify(time)})`
  const result = await run(process.execPath, ['--eval', source], { env })
  assert.equal(result.code, 0, result.stderr)
  return JSON.parse(result.stdout)
}

describe('when the clock is set', () => {
  test('back, an entry in memory ends when it would have ended', async (t) => {
    const seen = await withAClock(t, async (time) => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.set('short', '1', { ttl: 300 })
      await kv.set('long', '2', { ttl: '10m' })
      require('node:fs').writeFileSync(time, '-3600\n')
      await kv.set('later', '3', { ttl: 300 })
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      console.log(JSON.stringify(await kv.getMany(['short', 'long', 'later'])))
    })
    assert.deepEqual(seen, [null, '2', null])
  })

  test('back, an entry in a file ends for this process when it would have ended', async (t) => {
    const seen = await withAClock(t, async (time) => {
      const kv = new RedKV()
      kv.addStore('file', { path: `${time}-files` })
      require('node:fs').writeFileSync(time, '-3600\n')
      await kv.set('short', '1', { ttl: 300 })
      const before = await kv.get('short')
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      console.log(JSON.stringify([before, await kv.get('short')]))
    })
    assert.deepEqual(seen, ['1', null])
  })

  test('forward, an entry in memory has ended', async (t) => {
    const seen = await withAClock(t, async (time) => {
      const kv = new RedKV()
      kv.addStore('memory')
      await kv.set('k', '1', { ttl: '10m' })
      require('node:fs').writeFileSync(time, '+3600\n')
      await new Promise((resolve) => setTimeout(resolve, 5))
      console.log(JSON.stringify(await kv.get('k')))
    })
    assert.equal(seen, null)
  })
})
