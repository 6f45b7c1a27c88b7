'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { createStructures, pending } = require('../bridge.js')
const { checkOptions } = require('../errors.js')
const { nextId, register } = require('../events.js')
const { toJson } = require('../options.js')
const { reason, signalOf, untilAborted } = require('../signals.js')
const { fromCaller } = require('../stacks.js')
const { warn } = require('../warnings.js')
const { AtomicWrite } = require('./atomic.js')
const { Batch } = require('./batch.js')
const { CachedStructures } = require('./cached.js')
const numbers = require('./numbers.js')
const { STATE } = require('./operations.js')
const { View, hide, stateOf, statsOf, withOperations } = require('./view.js')

/** The number that the addon knows data structures by, for a chain that takes them. */
const ID = Symbol('structuresId')

async function begun(object, name, options, begin) {
  try {
    const state = stateOf(object, name)
    const signal = signalOf(options, ['signal'])
    if (signal === undefined) return pending(begin(state.native))
    return untilAborted(signal, reason, () => pending(begin(state.native)))
  } catch (error) {
    if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
    throw fromCaller(error, object?.[name])
  }
}

/** What data structures begin with. */
function begunWith(Structures, name, options, policy) {
  try {
    const id = nextId()
    const [native, store, warnings, operations] = createStructures(id, name, toJson(options), toJson(policy))
    operations.forEach((operation, number) => (numbers[operation] = number))
    if (warnings.length > 0) warn(warnings.join('\n'))
    return { id, native, store }
  } catch (error) {
    throw fromCaller(error, Structures)
  }
}

/** Data structures. Documented in index.d.ts. */
const Structures = withOperations(
  class Structures extends EventEmitter {
    constructor(name, options, policy) {
      const { id, native, store } = begunWith(Structures, name, options, policy)
      super()
      hide(this, STATE, { native, flags: 0, name: policy?.name, stores: [store], isClosed: false })
      hide(this, ID, id)
      register(id, this, this[STATE])
    }

    createTable(options) {
      return begun(this, 'createTable', options, (native) => native.createTable())
    }

    ready(options) {
      return begun(this, 'ready', options, (native) => native.ready())
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

    cached(options) {
      const state = stateOf(this, 'cached')
      try {
        const [native, warnings] = state.native.cached(toJson(options))
        if (warnings.length > 0) warn(warnings.join('\n'))
        return new CachedStructures(this, state, native)
      } catch (error) {
        throw fromCaller(error, Structures.prototype.cached)
      }
    }

    stats() {
      return statsOf(stateOf(this, 'stats'))
    }

    async close(options) {
      try {
        const state = stateOf(this, 'close')
        if (options !== undefined) checkOptions(options, ['timeout'])
        const closing = pending(state.native.close(options?.timeout))
        state.isClosed = true
        return closing
      } catch (error) {
        if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= 'close'
        throw fromCaller(error, Structures.prototype.close)
      }
    }

    [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
      return this.close()
    }

    [inspect.custom]() {
      const { stores, isClosed } = this[STATE]
      return `Structures(${stores[0]}${isClosed ? ', closed' : ''})`
    }
  },
)

// Reports of requests cost something, so they begin with the first listener.
for (const name of ['on', 'addListener', 'prependListener']) {
  const add = EventEmitter.prototype[name]
  const value = function (event, listener) {
    if (event === 'request') stateOf(this, name).native.observe()
    return add.call(this, event, listener)
  }
  Object.defineProperty(Structures.prototype, name, { value, writable: true, configurable: true })
}

module.exports = { ID, Structures }
