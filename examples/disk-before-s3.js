'use strict'

// 500 MB of a local disk in front of S3, which is written behind: writes are as fast as the disk, what is used stays
// near, and a restart forgets nothing of that. Every value that is read is checked.
//
// `npm run demo:s3` runs it against an S3 server that it starts. With a bucket of your own (it writes 600 MB of objects
// there, and deletes them at the end):
//
//     S3_BUCKET=my-bucket AWS_REGION=eu-central-1 node examples/disk-before-s3.js [objects] [bytes]

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { lstatSync, mkdtempSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const RedKV = require('..')

const [OBJECTS = 60_000, BYTES = 10_000] = process.argv.slice(2).map(Number)
/** 500 MB for 600 MB of objects. */
const ROOM = Math.round((OBJECTS * BYTES * 5) / 6)
const READS = Math.min(OBJECTS, 20_000)
/** Operations under way at a time. */
const LANES = 64

const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint } = process.env
if (bucket === undefined) throw new Error('S3_BUCKET names no bucket')

const folder = mkdtempSync(join(tmpdir(), 'redkv-disk-before-s3-'))
const MB = 1e6

const keyOf = (id) => `object:${id}`

/** The value of a key, different for every key and version. */
function valueOf(id, version = 0) {
  return Buffer.alloc(BYTES, createHash('sha512').update(`${id} ${version}`).digest())
}

function step(title) {
  console.log(`\n${title}`)
}

function tell(text) {
  console.log(`   ${text}`)
}

/** Calls `work` with each of `ids`, some at a time. */
async function each(ids, work) {
  let next = 0
  const lane = async () => {
    while (next < ids.length) await work(ids[next++])
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Runs `work`, which does `count` operations, and tells how fast that was. */
async function timed(text, count, work) {
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  const rate = Math.round(count / seconds)
  tell(`${text}: ${seconds.toFixed(1)} s, ${rate.toLocaleString('en')} a second, ${((rate * BYTES) / MB).toFixed(0)} MB/s`)
}

/** What a folder takes on the disk, in bytes. */
function taken(path) {
  const bytes = readdirSync(path).map((name) => {
    const stat = lstatSync(join(path, name))
    return stat.isDirectory() ? taken(join(path, name)) : stat.blocks * 512
  })
  return bytes.reduce((sum, more) => sum + more, 0)
}

const s3Options = { bucket, endpoint, prefix: 'disk-before-s3/', forcePathStyle: endpoint !== undefined }

function open() {
  const kv = new RedKV()
  const disk = kv.addStore('disk', { path: join(folder, 'cache'), maxBytes: ROOM })
  const s3 = kv.addStore('s3', s3Options, { writeBehind: true })
  kv.on('writeError', ({ operation, key, error }) => {
    console.error(`S3 did not take ${operation} of ${key}:`, error)
    process.exitCode = 1
  })
  return { kv, disk, s3 }
}

/** Ids as a cache meets them: half of the reads are of a tenth of the keys. */
function someIds(count, ids) {
  const few = ids.slice(0, Math.ceil(ids.length / 10))
  const any = (list) => list[Math.floor(Math.random() * list.length)]
  return Array.from({ length: count }, (_, n) => any(n % 2 === 0 ? few : ids))
}

/** Reads ids, checks each value, and tells where they were found. */
async function readAll(text, { kv, disk, s3 }, ids) {
  const before = { disk: disk.stats(), s3: s3.stats() }
  await timed(text, ids.length, () =>
    each(ids, async (id) => assert.ok(valueOf(id).equals(await kv.getBuffer(keyOf(id)))))
  )
  const after = { disk: disk.stats(), s3: s3.stats() }
  const [near, far] = ['disk', 's3'].map((name) => after[name].hits - before[name].hits)
  const { p50, p99 } = after.disk.latency.get
  tell(`found on the disk: ${near}, in S3: ${far}; a request to the disk so far: p50 ${p50} us, p99 ${p99} us`)
  return far
}

async function main() {
  const ids = Array.from({ length: OBJECTS }, (_, id) => id)
  step(`1. ${ROOM / MB} MB of disk in front of S3, for ${(OBJECTS * BYTES) / MB} MB of objects`)
  const first = open()
  await first.kv.ready()
  tell(require('node:util').inspect(first.kv))

  step('2. Write: each write resolves when the disk has it, and S3 is behind by what its queue may hold')
  const some = ids.slice(0, OBJECTS / 60)
  await timed(`${some.length} objects, straight to S3`, some.length, () =>
    each(some, (id) => first.s3.set(keyOf(id), valueOf(id)).then(() => first.s3.flush()))
  )
  await timed(`${some.length} objects, to the chain`, some.length, () =>
    each(some, (id) => first.kv.set(keyOf(id), valueOf(id)))
  )
  await timed('flush()', some.length, () => first.kv.flush())
  await timed(`all ${OBJECTS} objects: more than the queue holds, so S3 sets the pace`, OBJECTS, () =>
    each(ids, (id) => first.kv.set(keyOf(id), valueOf(id)))
  )
  const waiting = first.s3.stats().pending
  await timed(`flush(): S3 has the last ${waiting} too`, waiting, () => first.kv.flush())
  tell(`the disk is taken up by ${(taken(folder) / MB).toFixed(0)} MB, ${ROOM / MB} MB are allowed`)

  step('3. A hundred writes of one key become a few: only the last one counts')
  const sets = first.s3.stats().latency.set.count
  await Promise.all(Array.from({ length: 100 }, (_, version) => first.kv.set('object:often', valueOf('often', version))))
  await first.kv.flush()
  tell(`requests to S3: ${first.s3.stats().latency.set.count - sets}`)

  step('4. Read: what is not on the disk comes from S3, and is there afterwards')
  await readAll('reads, half of them of a tenth of the keys', first, someIds(READS, ids))
  await readAll('the same tenth alone', first, ids.slice(0, OBJECTS / 10))

  step('5. A restart: the disk knows what it has')
  await first.kv.close()
  const second = open()
  const start = performance.now()
  await second.disk.ready()
  tell(`the disk is open after ${(performance.now() - start).toFixed(0)} ms`)
  assert.equal(await readAll('the same tenth', second, ids.slice(0, OBJECTS / 10)), 0)
  assert.ok(valueOf('often', 99).equals(await second.kv.getBuffer('object:often')))

  step('6. Everything is in S3, and everything can be read')
  let count = 0
  for await (const _ of second.kv.keys()) count++
  assert.equal(count, OBJECTS + 1)
  tell(`objects in S3: ${count}`)
  await readAll('all of them', second, ids)
  tell(`the disk is taken up by ${(taken(folder) / MB).toFixed(0)} MB`)

  await second.kv.close()
  const s3 = new RedKV()
  s3.addStore('s3', s3Options)
  await s3.clear()
  await s3.close()
  console.log('\nAll of it checked, and deleted again.')
}

main().finally(() => rmSync(folder, { recursive: true, force: true }))
