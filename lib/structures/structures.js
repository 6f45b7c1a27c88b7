'use strict'

const { createStructures } = require('../bridge.js')
const { toJson } = require('../options.js')
const { STATE, Service, begun, hide, stateOf } = require('../service.js')
const { fromCaller } = require('../stacks.js')
const { warn } = require('../warnings.js')
const { AtomicWrite } = require('./atomic.js')
const { Batch } = require('./batch.js')
const { CachedStructures } = require('./cached.js')
const numbers = require('./numbers.js')
const { View, withOperations } = require('./view.js')

/** The number that the addon knows data structures by, for a chain that takes them. */
const ID = Symbol('structuresId')

/** Data structures. Documented in index.d.ts. */
const Structures = withOperations(
  class Structures extends Service {
    constructor(name, options, policy) {
      super(createStructures, numbers, [name, options, policy])
      hide(this, ID, this[STATE].id)
      this[STATE].watch = { changed: undefined }
    }

    createTable(options) {
      return begun(this, 'createTable', options, (native) => native.createTable())
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
  },
)

module.exports = { ID, Structures }
