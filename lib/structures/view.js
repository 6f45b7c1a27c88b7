'use strict'

const { STATE, hide } = require('../service.js')
const { Batch } = require('./batch.js')
const { StructureOperations } = require('./operations.js')

/** A bit: reads may return what was there a moment ago. */
const MAY_BE_OLD = 2

/** Puts the operations into a class, which are the same functions in all classes. */
function withOperations(Class) {
  const { constructor, ...operations } = Object.getOwnPropertyDescriptors(StructureOperations.prototype)
  Object.defineProperties(Class.prototype, operations)
  return Class
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

module.exports = { View, withOperations }
