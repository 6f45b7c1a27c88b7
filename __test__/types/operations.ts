// The operations on a chain and on one of its stores.

import RedKV, { type Operations, type Store, type StoreName } from 'redkv'
import { assert, type Equal } from './equal.js'

declare const redkv: RedKV
declare const store: Store
declare const unknown: unknown
declare const setting: string | undefined

// Results

assert<Equal<ReturnType<Operations['get']>, Promise<string | null>>>()
assert<Equal<ReturnType<Operations['getBuffer']>, Promise<Buffer | null>>>()
assert<Equal<ReturnType<Operations['set']>, Promise<void>>>()
assert<Equal<ReturnType<Operations['delete']>, Promise<void>>>()
assert<Equal<ReturnType<Operations['has']>, Promise<boolean>>>()
assert<Equal<ReturnType<Operations['getMany']>, Promise<(string | null)[]>>>()
assert<Equal<ReturnType<Operations['setMany']>, Promise<void>>>()
assert<Equal<ReturnType<Operations['deleteMany']>, Promise<void>>>()
assert<Equal<ReturnType<Operations['hasMany']>, Promise<boolean[]>>>()
assert<Equal<ReturnType<RedKV['ready']>, Promise<void>>>()
assert<Equal<ReturnType<RedKV['close']>, Promise<void>>>()
assert<Equal<ReturnType<RedKV[typeof Symbol.asyncDispose]>, Promise<void>>>()
assert<Equal<ReturnType<Store['ready']>, Promise<void>>>()
assert<Equal<Store['name'], StoreName | 'chain'>>()

// A chain and a store have the same operations

assert<Equal<Pick<RedKV, keyof Operations>, Pick<Store, keyof Operations>>>()
const either: Operations[] = [redkv, store]

// Keys and values

redkv.get('key')
redkv.get(7)
redkv.set('key', 'value')
redkv.set('key', 7)
redkv.set('key', new Uint8Array([1]))
redkv.set('key', Buffer.from('value'))

// @ts-expect-error — a key is a string or a number
redkv.get(7n)
// @ts-expect-error — a key is a string or a number
redkv.get(['key'])
// @ts-expect-error — a key that may be undefined is no key
redkv.get(setting)
// @ts-expect-error — nothing is known of it
redkv.get(unknown)
// @ts-expect-error — a key is missing
redkv.get()
// @ts-expect-error — callbacks are gone since promises are there
redkv.get('key', () => {})
// @ts-expect-error — a value is no boolean
redkv.set('key', true)
// @ts-expect-error — a value is no object: use JSON.stringify
redkv.set('key', { name: 'Ada' })
// @ts-expect-error — null is no value: use delete
redkv.set('key', null)
// @ts-expect-error — a value is missing
redkv.set('key')
// @ts-expect-error — bytes are a Uint8Array
redkv.set('key', new ArrayBuffer(1))
// @ts-expect-error — bytes are a Uint8Array, not another view
redkv.set('key', new Uint16Array(1))

// Answers may be missing

redkv.get('key').then((value) => {
  // @ts-expect-error — value may be null
  value.length
  return value?.length
})

// Options of a write

redkv.set('key', 'value', {})
redkv.set('key', 'value', { ttl: 1000 })
redkv.set('key', 'value', { ttl: '250ms' })
redkv.set('key', 'value', { ttl: '1.5h' })
redkv.set('key', 'value', { ttl: '5min' })
redkv.set('key', 'value', { ttl: undefined })
redkv.setMany({ a: 1 }, { ttl: '7d' })

// @ts-expect-error — a duration as a string needs a unit
redkv.set('key', 'value', { ttl: '1000' })
// @ts-expect-error — no such unit
redkv.set('key', 'value', { ttl: '2weeks' })
// @ts-expect-error — not a duration
redkv.set('key', 'value', { ttl: 'soon' })
// @ts-expect-error — forever is leaving it out
redkv.set('key', 'value', { ttl: null })
// @ts-expect-error — a moment is no duration
redkv.set('key', 'value', { ttl: new Date() })
// @ts-expect-error — no such option
redkv.set('key', 'value', { tlt: 1000 })
// @ts-expect-error — the options are an object
redkv.set('key', 'value', 1000)
// @ts-expect-error — no such option
redkv.setMany({ a: 1 }, { timeout: 1000 })
// @ts-expect-error — a read has no ttl
redkv.getMany(['key'], { ttl: 1000 })

// A signal, of every operation

declare const signal: AbortSignal

redkv.get('key', { signal })
redkv.getBuffer('key', { signal })
redkv.set('key', 'value', { signal, ttl: 1000 })
redkv.delete('key', { signal: undefined })
redkv.has('key', {})
redkv.getMany(['key'], { signal: AbortSignal.timeout(100) })
redkv.setMany({ a: 1 }, { signal })
redkv.deleteMany(['key'], { signal })
redkv.hasMany(['key'], { signal })
redkv.ready({ signal })
store.ready({ signal })

// @ts-expect-error — the signal of a controller, not the controller
redkv.get('key', { signal: new AbortController() })
// @ts-expect-error — misspelt
redkv.get('key', { sginal: signal })
// @ts-expect-error — the signal is an option
redkv.get('key', signal)

// Many keys

declare const keys: readonly string[]
declare function generated(): Generator<string>

redkv.getMany(['a', 1])
redkv.getMany(keys)
redkv.getMany(new Set(['a']))
redkv.getMany(new Map([['a', 1]]).keys())
redkv.getMany(generated())
redkv.deleteMany(keys)
redkv.hasMany(keys)
store.getMany([])

// @ts-expect-error — a string is one key, not its letters
redkv.getMany('abc')
// @ts-expect-error — keys come as one argument
redkv.getMany('a', 'b')
// @ts-expect-error — pairs are no keys
redkv.getMany(new Map([['a', 1]]))
// @ts-expect-error — null is no key
redkv.deleteMany(['a', null])
// @ts-expect-error — a plain object is not iterable
redkv.hasMany({ a: 1 })

// Many entries

declare const records: Record<string, string>
declare const pairs: (readonly [string, number])[]

redkv.setMany([['a', 1], [2, 'b']])
redkv.setMany(pairs)
redkv.setMany(new Map([['a', Buffer.from('b')]]))
redkv.setMany({ a: 'b', c: 1, d: new Uint8Array() })
redkv.setMany(records)
redkv.setMany(Object.entries(records))
store.setMany({})

// @ts-expect-error — keys without values
redkv.setMany(['a', 'b'])
// @ts-expect-error — a pair has two parts
redkv.setMany([['a', 1, 2]])
// @ts-expect-error — a value is no boolean
redkv.setMany({ a: true })
// @ts-expect-error — a value is no boolean
redkv.setMany([['a', true]])
// @ts-expect-error — no entries at all
redkv.setMany('a')
// @ts-expect-error — objects are no pairs
redkv.setMany([{ key: 'a', value: 1 }])

// Keys are told one after the other

async function tells(): Promise<void> {
  for await (const key of redkv.keys()) assert<Equal<typeof key, string>>()
  for await (const key of store.keys({ prefix: 'user:', signal: AbortSignal.timeout(50) })) assert<Equal<typeof key, string>>()
  await redkv.clear()
  await store.clear({ signal: AbortSignal.timeout(50) })
}

// @ts-expect-error — a prefix is text
redkv.keys({ prefix: 1 })
// @ts-expect-error — keys are no array
redkv.keys().length

// A chain ends, and its stores with it

redkv.close()
redkv.close({ timeout: '5s' })
// @ts-expect-error — a store is closed with its chain
store.close()
// @ts-expect-error — a store has no stores
store.addStore('memory')
// @ts-expect-error — it is what it was added as
store.name = 'redis'

// A chain can be extended

class Counted extends RedKV {
  reads = 0

  override get(key: string | number): Promise<string | null> {
    this.reads++
    return super.get(key)
  }
}

export { Counted, either, tells }
