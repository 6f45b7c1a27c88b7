'use strict'

const { channel } = require('node:diagnostics_channel')

// What happens in a chain without a caller who is told of it. Documented in index.d.ts.

/** What each event is made of: the name and place of a store, an error, and numbers. */
const events = {
  tierDown: (store, place, error) => ({ store, place, error }),
  tierUp: (store, place, _error, downFor) => ({ store, place, downFor }),
  tierError: (store, place, error, keys, count) => ({ store, place, error, keys, count }),
  repair: (store, place, _error, keys) => ({ store, place, keys }),
}

const channels = Object.fromEntries(Object.keys(events).map((name) => [name, channel(`redkv:${name}`)]))

/** The instances by their numbers, as long as somebody has them. */
const instances = new Map()
const collected = new FinalizationRegistry((id) => instances.delete(id))
let lastId = 0

function nextId() {
  lastId += 1
  return lastId
}

/** Has `emitter` emit what happens in the instance `id`; `stores` are the names of its stores, also of later ones. */
function register(id, emitter, stores) {
  instances.set(id, { emitter: new WeakRef(emitter), stores })
  collected.register(emitter, id)
}

/** Called by the addon before it makes an event. */
function isHeard(id, name) {
  const listeners = instances.get(id)?.emitter.deref()?.listenerCount(name) ?? 0
  return listeners > 0 || channels[name].hasSubscribers
}

/** Called by the addon. */
function tell(id, name, place, ...parts) {
  const instance = instances.get(id)
  if (instance === undefined) return
  // In a turn of its own: what a listener throws is an uncaught exception, and not in the way of anything else.
  process.nextTick(emit, instance.emitter, name, events[name](instance.stores[place], place, ...parts))
}

function emit(emitter, name, event) {
  channels[name].publish(event)
  emitter.deref()?.emit(name, event)
}

module.exports = { isHeard, nextId, register, tell }
