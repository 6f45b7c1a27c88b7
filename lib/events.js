'use strict'

const { AsyncResource } = require('node:async_hooks')
const { channel } = require('node:diagnostics_channel')

const { warn } = require('./warnings.js')

// What tests and tracers replace is taken as it is when this module is loaded.
const { nextTick } = process
const { WeakRef } = globalThis

// What happens in a chain without a caller who is told of it. Documented in index.d.ts.

/** Makes each event from the name and the index of a store, an error, and details. */
const events = {
  tierDown: (store, index, error) => ({ store, index, error }),
  tierUp: (store, index, _error, downFor) => ({ store, index, downFor }),
  tierError: (store, index, error, keys, count) => ({ store, index, error, keys, count }),
  tierRepair: (store, index, _error, keys) => ({ store, index, keys }),
  request: (store, _index, _error, operation, duration, units, input) => ({
    store,
    operation,
    duration,
    units,
    ...(input === undefined ? undefined : { input: JSON.parse(input) }),
  }),
  writeError: (store, index, error, key, operation) => ({ store, index, key, operation, error }),
}

const channels = Object.fromEntries(Object.keys(events).map((name) => [name, channel(`redkv:${name}`)]))

/** The instances by their numbers, as long as somebody has them. */
const instances = new Map()
/** The async contexts in which they were made, which may refer to them. */
const contexts = new WeakMap()
const collected = new FinalizationRegistry((id) => instances.delete(id))
let lastId = 0

function nextId() {
  lastId += 1
  return lastId
}

/**
 * Connects `emitter` with what happens in the instance `id`, of which `stores` are the names of its stores, also of later ones. Listeners
 * run in the async context of this call, not in that of the request during which something happens.
 */
function register(id, emitter, { name, stores }) {
  instances.set(id, { emitter: new WeakRef(emitter), name, stores })
  contexts.set(emitter, new AsyncResource('RedKV'))
  collected.register(emitter, id)
}

/** Called by the addon before it makes an event. */
function isHeard(id, name) {
  if (name === 'notice') return true
  const listeners = instances.get(id)?.emitter.deref()?.listenerCount(name) ?? 0
  const heard = listeners > 0 || channels[name].hasSubscribers
  if (!heard && name === 'writeError') warnOfLoss()
  return heard
}

let hasWarned = false

/** A write that was acknowledged and lost must not go unnoticed. */
function warnOfLoss() {
  if (hasWarned) return
  hasWarned = true
  const text = "a write to a store with the option 'writeBehind' was lost, and nobody listens: add a listener for 'writeError'"
  process.emitWarning(text, 'RedKVWarning')
}

/** Called by the addon. */
function tell(id, name, index, ...parts) {
  if (name === 'notice') return warn(parts[1])
  const instance = instances.get(id)
  // Of an instance that nobody has any more only the error knows the store.
  const store = instance?.stores[index] ?? parts[0]?.store
  if (store === undefined) return
  // In a turn of its own: what a listener throws is an uncaught exception, and not in the way of anything else.
  const emitter = instance?.emitter.deref()
  const event = events[name](store, index, ...parts)
  if (instance?.name !== undefined) event.name = instance.name
  const call = [emit, instance?.emitter, name, event]
  if (emitter === undefined) nextTick(...call)
  else contexts.get(emitter).runInAsyncScope(nextTick, undefined, ...call)
}

function emit(emitter, name, event) {
  channels[name].publish(event)
  emitter?.deref()?.emit(name, event)
}

module.exports = { isHeard, nextId, register, tell }
