'use strict'

const { AsyncResource } = require('node:async_hooks')
const { connect } = require('../binding.js')
const { makeErrorOf } = require('./errors.js')
const { isHeard, tell } = require('./events.js')
const { conflictOf, pageOf, versionedOf } = require('./records/record.js')
const { rejectWithCallers } = require('./stacks.js')

// What tests and tracers replace is taken as it is when this module is loaded.
const { nextTick } = process
/** The promises of the language, which are those of async functions too, whatever is called `Promise` here. */
const { constructor: Promise } = (async () => {})()

// The pending promises, by the slots that the addon hands out. Slots are used again, so these stay as long as the
// most operations that were ever pending at once. A slot may have no promise: where JavaScript was cut off (by the end
// of the stack, by the time limit of `vm`) between the addon and this module.
const resolves = []
/** Of operations on many keys: what makes their error of those of the keys. */
const errorsOf = []

/** Bun and Deno have event loops of their own, whatever they say about libuv. */
const onLibuv = process.versions.bun === undefined && process.versions.deno === undefined

const functions = [settle, fail, failMany, arrayOf, makeErrorOf, recordOf, scoredOf, versionedOf, pageOf, conflictOf, isHeard, tell]

// For this copy of the module: a test runner, for one, may load several into one process. While there is no instance, the
// addon keeps nothing of it, so the functions have to be kept here.
const native = { ...connect(functions, onLibuv), functions }

/** What the addon makes for all instances belongs to no request, though it is made with the first instance. */
const context = new AsyncResource('RedKV')

function create(id, options) {
  return context.runInAsyncScope(native.create, undefined, id, options)
}

/** Makes data structures, in the async context of all instances. */
function createStructures(...args) {
  return context.runInAsyncScope(native.createStructures, undefined, ...args)
}

/** Makes records, in the async context of all instances. */
function createRecords(...args) {
  return context.runInAsyncScope(native.createRecords, undefined, ...args)
}

/** Called by the addon with (slot, value, slot, value, …): one call settles many promises. */
function settle() {
  for (let i = 0; i < arguments.length; i += 2) {
    const slot = arguments[i]
    const resolve = resolves[slot]
    resolves[slot] = errorsOf[slot] = undefined
    resolve?.(arguments[i + 1])
  }
}

/** Called by the addon. `isOneOfMany` is whether so many fail that there is no time to find out who waits for each. */
function fail(slot, error, isOneOfMany) {
  const resolve = resolves[slot]
  resolves[slot] = errorsOf[slot] = undefined
  if (resolve === undefined) return
  if (isOneOfMany) resolve({ __proto__: null, then: (_, reject) => reject(error) })
  else rejectWithCallers(resolve, error)
}

/** Called for an operation on many keys: `errors` has `undefined` where a key worked. */
function failMany(slot, values, errors) {
  const errorOf = errorsOf[slot]
  fail(slot, errorOf === undefined ? undefined : errorFrom(errorOf, values, errors))
}

function arrayOf(...items) {
  return items
}

/** Returns an object of fields and values in turn. Without a prototype every name is a field, `__proto__` too. */
function recordOf(...pairs) {
  const items = Array.isArray(pairs[0]) ? pairs[0] : pairs
  const record = Object.create(null)
  for (let i = 0; i < items.length; i += 2) record[items[i]] = items[i + 1]
  return record
}

/** Returns entries with a score, of values and scores in turn. */
function scoredOf(...pairs) {
  const items = Array.isArray(pairs[0]) ? pairs[0] : pairs
  const entries = []
  for (let i = 0; i < items.length; i += 2) entries.push({ value: items[i], score: items[i + 1] })
  return entries
}

/**
 * Returns the promise of an operation, whose slot or the complement of that is `place`: then it is the first of its turn of the
 * event loop, and has the turn handed over when it ends. That is not remembered here, where JavaScript may be cut off.
 */
function pending(place) {
  if (place >= 0) return promiseOf(place)
  nextTick(flush)
  return promiseOf(~place)
}

function promiseOf(slot) {
  return new Promise((resolve) => {
    resolves[slot] = resolve
  })
}

/** Returns what `pending` does, for an operation on many keys: `errorOf(values, errors)` makes the error when some of them failed. */
function pendingMany(place, errorOf) {
  errorsOf[place < 0 ? ~place : place] = errorOf
  return pending(place)
}

/** Returns what `errorOf` makes, or what it throws: the promise is rejected in any case. */
function errorFrom(errorOf, values, errors) {
  try {
    return errorOf(values, errors)
  } catch (error) {
    return error
  }
}

function flush() {
  native.flush()
}

module.exports = { create, createRecords, createStructures, pending, pendingMany }
