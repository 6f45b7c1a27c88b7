// Right and wrong uses of data structures.

import RedKV, { Structures, type ScoredValue } from 'redkv'
import { assert, type Equal } from './equal.js'

const db = new Structures('memory')
new Structures('MEMORY', null, { timeout: '2s', prefix: 'p:', maxPending: 10 })
new RedKV.Structures('memory', { limits: 'dynamodb', retries: 5, kinds: 'strict' })

// @ts-expect-error — misspelt
new Structures('memori')
new Structures(
  // @ts-expect-error — there is no such backend, which is said of the name
  'mongodb',
)
new Structures(
  // @ts-expect-error — the same with options
  'mongodb',
  { url: 'mongodb://localhost' },
)
// @ts-expect-error — a table has a name
new Structures('dynamodb')
// @ts-expect-error — misspelt
new Structures('memory', { retrys: 5 })
// @ts-expect-error — they have no time to live
new Structures('memory', {}, { ttl: '5s' })

async function values(): Promise<void> {
  assert<Equal<Awaited<ReturnType<typeof db.has>>, boolean>>()
  const text: string | null = await db.get('key')
  const bytes: Buffer | null = await db.get(Buffer.from('key'), { buffers: true })
  // @ts-expect-error — bytes are no text
  const wrong: string | null = await db.get('key', { buffers: true })
  await db.set(1, 10n)
  // @ts-expect-error — no objects
  await db.set('key', { name: 'Ada' })
  const one: number = await db.incrBy('counter')
  const many: bigint = await db.incrBy('counter', 2n)
  const gone: boolean = await db.delete('key', { of: 'value' })
  // @ts-expect-error — no ttl
  await db.set('key', 'value', { ttl: '5s' })
  console.log(text, bytes, wrong, one, many, gone)
}

async function collections(): Promise<void> {
  await db.sAdd('set', 'one')
  await db.sAdd('set', ['one', 2, Buffer.from('three')])
  await db.sAdd('set', new Set(['one']))
  const members: string[] = await db.sMembers('set')
  await db.hSet('hash', 'field', 'value')
  await db.hSet('hash', { name: 'Ada', age: 36 })
  interface User {
    id: string
    visits: number
  }
  const user: User = { id: '1', visits: 0 }
  await db.hSet('hash', user)
  db.atomicWrite().hSet('hash', user)
  // @ts-expect-error — a date is no value
  await db.hSet('hash', { born: new Date() })
  await db.hSet('hash', new Map([['name', 'Ada']]))
  const fields: Record<string, string> = await db.hGetAll('hash')
  await db.zAdd('sorted', 'member', 1.5)
  // @ts-expect-error — a score is a number
  await db.zAdd('sorted', 'member', '1.5')
  const range: string[] = await db.zRangeByScore('sorted', 0, 10, { limit: 5, reverse: true })
  const scored: ScoredValue[] = await db.zRangeByScore('sorted', 0, 10, { withScores: true })
  for await (const { value, score } of db.zIterate('sorted', { by: 'lex', min: '[a' })) console.log(value, score)
  // @ts-expect-error — by score, bounds are numbers
  db.zIterate('sorted', { min: '[a' })
  console.log(members, fields, range, scored)
}

async function together(): Promise<void> {
  const batch = db.batch()
  const value: Promise<string | null> = batch.get('key')
  await batch.exec()
  const write = db.atomicWrite()
  const name = write.setNX('name', 'ada')
  const committed: boolean = await write.exec({ retries: 1 })
  if (!committed) console.log(name.conditionalFailed)
  // @ts-expect-error — reads are no writes
  write.get('key')
  console.log(await value, db.stats().operations.get?.calls)
}

db.on('request', ({ operation, duration, units }) => console.log(operation, duration, units))
// @ts-expect-error — there is no such event
db.on('requests', () => {})

const kv = new RedKV()
kv.addStructures(db, { optional: true })
// @ts-expect-error — a chain is added with addChain()
kv.addStructures(new RedKV())

async function caches(): Promise<void> {
  const cached = db.cached({ maxEntries: 100, maxBytes: 1_000_000, ttl: '5m' })
  db.cached(null)
  // @ts-expect-error — misspelt
  db.cached({ maxEntry: 5 })
  const text: string | null = await cached.get('key')
  const old: string | null = await cached.eventuallyConsistent().get('key')
  const written: boolean = await cached.atomicWrite().exec()
  await cached.batch().exec()
  cached.invalidate(Buffer.from('key'))
  cached.clear()
  cached.on('invalidate', ({ keys }) => {
    const all: readonly (string | number | bigint | Uint8Array)[] | undefined = keys
    console.log(all)
  })
  // @ts-expect-error — no such event
  cached.on('request', () => {})
  // @ts-expect-error — the data structures are closed, not their cache
  await cached.close()
  const { hits, misses, entries, bytes }: RedKV.CachedStructuresStats['cache'] = cached.stats().cache
  // @ts-expect-error — there is no cache
  db.stats().cache
  console.log(text, old, written, hits, misses, entries, bytes)
}

export { caches, collections, together, values }
