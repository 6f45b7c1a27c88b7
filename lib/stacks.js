'use strict'

// The stack of an error that is made when an answer comes: what runs then was called by nobody, but somebody waits.

// What tests and tracers replace is taken as it is when this module is loaded.
const { apply } = Reflect
const { defineProperty } = Object
/** The promises of the language, whatever is called `Promise` here. */
const { constructor: Promise } = (async () => {})()
const { then } = Promise.prototype

const { captureStackTrace } = Error

/** What `then` asks a promise for, to make another one: of these the language's own, whatever others made of that. */
const species = Object.freeze({ __proto__: null, [Symbol.species]: Promise })

/**
 * Rejects a promise by its `resolve`, with an error whose stack is of those who wait for it, as far as the engine knows
 * them: `at async readUser (…)`. A promise that is resolved, as nearly all are, costs nothing for this.
 */
function rejectWithCallers(resolve, error) {
  let reject
  const failing = new Promise((_, rejectIt) => (reject = rejectIt))
  defineProperty(failing, 'constructor', { value: species })
  // It follows that one before that fails: this is how the engine gets from what runs then to who waits.
  resolve(apply(then, failing, [undefined, addCallers]))
  reject(error)
}

function addCallers(error) {
  captureStackTrace?.(error, addCallers)
  throw error
}

/** Returns `error` with a stack that begins at the caller of `called`, if RedKV has made the error in that call. */
function fromCaller(error, called) {
  if (typeof error?.code !== 'string' || !error.code.startsWith('ERR_REDKV_')) return error
  captureStackTrace?.(error, called)
  if (error.code === 'ERR_REDKV_ARGUMENT' && error.cause !== undefined) captureStackTrace?.(error.cause, called)
  return error
}

module.exports = { fromCaller, rejectWithCallers }
