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

const EVENT = 'invalidate'

/** Says that the answers about `keys`, or about all keys, are no longer there. */
function tell(cached, keys) {
  // In a turn of its own: what a listener throws is not in the way of who waits for a write.
  if (cached.listenerCount(EVENT) > 0) nextTick(() => cached.emit(EVENT, { keys }))
}

/** Returns what says that a write has ended, however it did. */
function telling(cached) {
  return (promise, given) => {
    if (cached.listenerCount(EVENT) === 0) return promise
    const keys = given.map(kept)
    return promise.finally(() => tell(cached, keys))
  }
}

/** Data structures with a read cache in front of them. Documented in index.d.ts. */
const CachedStructures = withOperations(
  class CachedStructures extends EventEmitter {
    /** `structures` stay as long as their cache. */
    constructor(structures, state, native) {
      super()
      hide(this, STATE, { ...state, native, structures, changed: telling(this) })
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

module.exports = { CachedStructures }
