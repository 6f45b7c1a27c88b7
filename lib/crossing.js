'use strict'

const { connect } = require('../binding.js')
const { makeError } = require('./errors.js')
const { isHeard, tell } = require('./events.js')
const { rejectWithCallers } = require('./stacks.js')

// The pending promises, by the slots that the addon hands out. Slots are used again, so these stay as long as the
// most operations that were ever pending at once.
const resolves = []
/** Of operations on many keys: what makes their error of those of the keys. */
const errorsOf = []
let flushIsScheduled = false

/** Bun and Deno have event loops of their own, whatever they say about libuv. */
const onLibuv = process.versions.bun === undefined && process.versions.deno === undefined

// For this copy of the module: a test runner, for one, may load several into one process.
const native = connect([settle, fail, failMany, arrayOf, makeError, isHeard, tell], onLibuv)

/** Called by the addon with (slot, value, slot, value, …): one call settles many promises. */
function settle() {
  for (let i = 0; i < arguments.length; i += 2) {
    const slot = arguments[i]
    const resolve = resolves[slot]
    resolves[slot] = errorsOf[slot] = undefined
    resolve(arguments[i + 1])
  }
}

function fail(slot, error) {
  const resolve = resolves[slot]
  resolves[slot] = errorsOf[slot] = undefined
  rejectWithCallers(resolve, error)
}

/** Called for an operation on many keys: `errors` has `undefined` where a key worked. */
function failMany(slot, values, errors) {
  const resolve = resolves[slot]
  const errorOf = errorsOf[slot]
  resolves[slot] = errorsOf[slot] = undefined
  rejectWithCallers(resolve, errorOf(values, errors))
}

function arrayOf(...items) {
  return items
}

/** The promise of the operation in `slot`. What is called in one turn of the event loop crosses together. */
function pending(slot) {
  if (!flushIsScheduled) {
    flushIsScheduled = true
    process.nextTick(flush)
  }
  return new Promise((resolve) => {
    resolves[slot] = resolve
  })
}

/** As `pending`, for an operation on many keys: `errorOf(values, errors)` makes the error when some of them failed. */
function pendingMany(slot, errorOf) {
  errorsOf[slot] = errorOf
  return pending(slot)
}

function flush() {
  flushIsScheduled = false
  native.flush()
}

module.exports = { create: native.create, pending, pendingMany }
