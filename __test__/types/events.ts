// What happens in a chain, told to listeners.

import { EventEmitter } from 'node:events'
import RedKV, {
  RedKVError,
  type Events,
  type Latency,
  type Stats,
  type Store,
  type StoreName,
  type StoreStats,
} from 'redkv'
import { assert, type Equal } from './equal.js'

const redkv = new RedKV({ maxPending: 1000, maxPendingBytes: 1 << 20 })
const emitter: EventEmitter = redkv

assert<Equal<keyof Events, 'tierDown' | 'tierUp' | 'tierError' | 'tierRepair' | 'writeError'>>()

redkv.on('tierDown', ({ store, index, error }) => {
  assert<Equal<typeof store, StoreName | 'chain'>>()
  assert<Equal<typeof index, number>>()
  assert<Equal<typeof error, RedKVError>>()
})
redkv.once('tierUp', ({ downFor }) => assert<Equal<typeof downFor, number>>())
redkv.on('tierError', ({ error, keys, count }) => {
  assert<Equal<typeof error, RedKVError>>()
  assert<Equal<typeof keys, number>>()
  assert<Equal<typeof count, number>>()
})
redkv.on('tierRepair', ({ keys }) => assert<Equal<typeof keys, number>>()).on('tierRepair', () => {})

redkv.on('writeError', ({ store, key, operation, error }) => {
  assert<Equal<typeof store, StoreName | 'chain'>>()
  assert<Equal<typeof key, string>>()
  assert<Equal<typeof operation, 'set' | 'delete'>>()
  assert<Equal<typeof error, RedKVError>>()
})

const listener = ({ store }: Events['tierRepair']): void => console.log(store)
redkv.addListener('tierRepair', listener).off('tierRepair', listener).removeListener('tierRepair', listener)
redkv.removeAllListeners()
redkv.setMaxListeners(20)

// @ts-expect-error — no such event
redkv.on('tierdown', () => {})
// @ts-expect-error — it is never emitted
redkv.on('error', () => {})
// @ts-expect-error — an event that goes up has no error
redkv.on('tierUp', ({ error }) => error)
// @ts-expect-error — stores emit nothing
redkv.addStore('memory').on('tierDown', () => {})

// Statistics

assert<Equal<ReturnType<typeof redkv.stats>, Stats>>()
const { pending, coalesced, stores } = redkv.stats()
assert<Equal<typeof pending, number>>()
assert<Equal<typeof coalesced, number>>()
const of = (store: Store): StoreStats => store.stats()
for (const { store, isStale, staleKeys, errors, latency } of stores) {
  assert<Equal<typeof store, StoreName | 'chain'>>()
  assert<Equal<typeof isStale, boolean>>()
  assert<Equal<typeof staleKeys, number>>()
  assert<Equal<typeof latency.get, Latency>>()
  assert<Equal<typeof errors.ERR_REDKV_TIMEOUT, number | undefined>>()
  // @ts-expect-error — no such code
  errors.ERR_REDKV_NONE
}
// @ts-expect-error — a snapshot is not to be changed
redkv.stats().pending = 0

// Options of an instance

new RedKV({})
new RedKV({ maxPending: undefined })
new RedKV({ onMetrics: ({ stores }) => console.log(stores), metricsInterval: '1m' })
new RedKV({ onMetrics: async (stats) => console.log(stats), metricsInterval: 500 })
redkv.close({ timeout: '5s' })
redkv.close({ timeout: undefined })

// @ts-expect-error — misspelt
new RedKV({ maxpending: 1000 })
// @ts-expect-error — a number
new RedKV({ maxPendingBytes: '1MB' })
// @ts-expect-error — not a function
new RedKV({ onMetrics: true })
// @ts-expect-error — not a duration
new RedKV({ metricsInterval: 'often' })
// @ts-expect-error — not a duration
redkv.close({ timeout: 'soon' })
// @ts-expect-error — it is the deadline that ends it
redkv.close({ signal: new AbortController().signal })

export { emitter, of }
