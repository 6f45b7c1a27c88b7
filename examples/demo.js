'use strict'

// `npm run demo`: memory in front of SQLite, no server needed. Every value that is read is checked.

const assert = require('node:assert/strict')
const { mkdtempSync, rmSync, statSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const RedKV = require('..')

const USERS = 5000
const folder = mkdtempSync(join(tmpdir(), 'redkv-demo-'))
const path = join(folder, 'users.sqlite')

const keyOf = (id) => `user:${id}`
const userOf = (id) => JSON.stringify({ id, name: `User ${id}`, plan: id % 3 ? 'free' : 'pro', visits: id * 7 })
const ids = Array.from({ length: USERS }, (_, id) => id)

function step(title) {
  console.log(`\n${title}`)
}

function tell(text) {
  console.log(`   ${text}`)
}

/** Runs `work`, which does `count` operations, and tells how long it took. */
async function timed(text, count, work) {
  const start = performance.now()
  const result = await work()
  const millis = performance.now() - start
  const each = (millis * 1000) / count
  tell(`${text.padEnd(54)} ${millis.toFixed(1).padStart(8)} ms, ${each.toFixed(2).padStart(8)} us each`)
  return result
}

function open() {
  const kv = new RedKV()
  const memory = kv.addStore('memory', { maxEntries: 10_000 })
  const sqlite = kv.addStore('sqlite', { path, expiresColumn: 'expires' })
  return { kv, memory, sqlite }
}

async function main() {
  step('1. A chain of two stores: memory is a cache for SQLite')
  const first = open()
  await first.kv.ready()
  tell(`${require('node:util').inspect(first.kv)} keeps its data in ${path}`)

  step(`2. Write ${USERS} users to both stores: SQLite first, because its word counts`)
  await timed('set(), all called in one turn and sent as batches', USERS, () =>
    Promise.all(ids.map((id) => first.kv.set(keyOf(id), userOf(id))))
  )
  await first.kv.close()
  tell(`closed; ${(statSync(path).size / 1024).toFixed(0)} kB on disk`)

  step('3. Start again with the same file: memory is empty, SQLite has it all')
  const { kv, memory, sqlite } = open()
  await kv.ready()
  tell(`memory has user:42: ${await memory.has('user:42')}; SQLite has it: ${await sqlite.has('user:42')}`)
  const read = () => Promise.all(ids.map((id) => kv.get(keyOf(id))))
  const cold = await timed('cold get(): found in SQLite, memory is filled', USERS, read)
  const hot = await timed('hot get(), together: answered from memory', USERS, read)
  await timed('hot get(), one after the other', USERS, async () => {
    for (const id of ids) assert.equal(await kv.get(keyOf(id)), userOf(id))
  })
  ids.forEach((id) => assert.equal(cold[id], userOf(id)))
  ids.forEach((id) => assert.equal(hot[id], userOf(id)))
  tell(`memory has user:42 now: ${await memory.has('user:42')}; all ${3 * USERS} values read were the right ones`)

  step('4. A write is seen by every read that is called after it, and a deleted value stays gone')
  const seen = await Promise.all([kv.set('user:42', 'changed'), kv.get('user:42')])
  tell(`set and get called in the same turn: get answers ${JSON.stringify(seen[1])}`)
  assert.equal(seen[1], 'changed')
  const gone = await Promise.all([kv.get('user:43'), kv.delete('user:43'), kv.get('user:43')])
  tell(`get, delete, get of user:43: ${gone[0] === null ? 'null' : 'its value'}, then ${gone[2]}`)
  assert.equal(gone[2], null)
  assert.equal(await memory.get('user:43'), null)
  assert.equal(await sqlite.get('user:43'), null)

  step('5. A ttl goes with the entry from store to store')
  await sqlite.set('session:1', 'token', { ttl: '80ms' })
  tell(`read through the chain: ${await kv.get('session:1')} (memory was filled with the time it has left)`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  tell(`100 ms later: ${await kv.get('session:1')}`)
  assert.equal(await kv.get('session:1'), null)

  step('6. What cannot work says so at once')
  for (const call of [
    () => kv.addStore('memmory'),
    () => kv.addStore('sqlite', { path, tabelName: 'x' }),
    () => kv.set('user:1', 'x', { ttl: 0 })
  ]) {
    await assert.rejects(
      async () => call(),
      (error) => {
        tell(`${error.code}: ${error.message}`)
        return true
      }
    )
  }

  await kv.close()
  console.log('\nAll of it checked. The process ends by itself.')
}

main().finally(() => rmSync(folder, { recursive: true, force: true }))
