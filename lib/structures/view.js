'use strict'

const { argumentError } = require('../errors.js')
const { Batch } = require('./batch.js')
const { STATE, StructureOperations } = require('./operations.js')

/** A bit: reads may return what was there a moment ago. */
const MAY_BE_OLD = 2

/** Puts the operations into a class, which are the same functions in all classes. */
function withOperations(Class) {
  const { constructor, ...operations } = Object.getOwnPropertyDescriptors(StructureOperations.prototype)
  Object.defineProperties(Class.prototype, operations)
  return Class
}

function hide(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true })
}

/** Data structures whose reads may be a moment old. */
const View = withOperations(
  class StructuresView {
    constructor(state) {
      hide(this, STATE, { ...state, flags: state.flags | MAY_BE_OLD })
    }

    batch() {
      return new Batch(this)
    }
  },
)

/** Returns what an object keeps: `const { close } = db` leaves `db` behind. */
function stateOf(object, name) {
  const state = object?.[STATE]
  if (state !== undefined) return state
  const error = argumentError('this', `${name}() was called without its object: write db.${name}(), or db.${name}.bind(db)`)
  throw Object.assign(error, { operation: name })
}

function statsOf({ native, stores, name }) {
  const stats = { store: stores[0], ...JSON.parse(native.stats()) }
  return name === undefined ? stats : { name, ...stats }
}

module.exports = { View, hide, stateOf, statsOf, withOperations }
