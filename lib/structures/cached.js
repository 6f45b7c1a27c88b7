'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { STATE, hide, stateOf, statsOf } = require('../service.js')
const { fromCaller } = require('../stacks.js')
const { kept } = require('./arguments.js')
const { AtomicWrite } = require('./atomic.js')
const { Batch } = require('./batch.js')
const { View, withOperations } = require('./view.js')

// What tests and tracers replace is taken as it is when this module is loaded.
const { nextTick } = process
const { WeakRef } = globalThis

const EVENT = 'invalidate'

/** Says that the answers about `keys`, or about all keys, are no longer there. */
function tell(cached, keys) {
  // In a turn of its own: what a listener throws is not in the way of who waits for a write.
  if (cached.listenerCount(EVENT) > 0) nextTick(() => cached.emit(EVENT, { keys }))
}

/**
 * Has `cached` hear of the writes through the same data structures and all their caches. `watch` is what these have in common:
 * its `changed`, which is told of each write, is there from the first listener on.
 */
function hearWrites(watch, cached) {
  watch.caches ??= new Map()
  watch.caches.set(cached[STATE].native, new WeakRef(cached))
  watch.changed ??= (promise, given) => {
    const heard = listening(watch.caches)
    if (heard.length === 0) return promise
    const keys = given.map(kept)
    return promise.finally(() => heard.forEach((cached) => tell(cached, keys)))
  }
}

/** Returns the caches that somebody has and listens to. */
function listening(caches) {
  const heard = []
  for (const [native, reference] of caches) {
    const cached = reference.deref()
    if (cached === undefined) caches.delete(native)
    else if (cached.listenerCount(EVENT) > 0) heard.push(cached)
  }
  return heard
}

/** Data structures with a read cache in front of them. Documented in index.d.ts. */
const CachedStructures = withOperations(
  class CachedStructures extends EventEmitter {
    /** `structures` stay as long as their cache. */
    constructor(structures, state, native) {
      super()
      hide(this, STATE, { ...state, native, structures })
    }

    batch() {
      stateOf(this, 'batch')
      return new Batch(this)
    }

    atomicWrite() {
      return new AtomicWrite(stateOf(this, 'atomicWrite'))
    }

    eventuallyConsistent() {
      return new View(stateOf(this, 'eventuallyConsistent'))
    }

    invalidate(key) {
      try {
        stateOf(this, 'invalidate').native.invalidate(key)
        tell(this, [kept(key)])
      } catch (error) {
        throw fromCaller(error, CachedStructures.prototype.invalidate)
      }
    }

    clear() {
      stateOf(this, 'clear').native.clear()
      tell(this)
    }

    stats() {
      return statsOf(stateOf(this, 'stats'))
    }

    [inspect.custom]() {
      return `CachedStructures(${this[STATE]?.stores[0] ?? ''})`
    }
  },
)

// Telling costs each write something, so it begins with the first listener.
for (const name of ['on', 'addListener', 'prependListener']) {
  const add = EventEmitter.prototype[name]
  const value = function (event, listener) {
    if (event === EVENT) hearWrites(stateOf(this, name).watch, this)
    return add.call(this, event, listener)
  }
  Object.defineProperty(CachedStructures.prototype, name, { value, writable: true, configurable: true })
}

module.exports = { CachedStructures }
