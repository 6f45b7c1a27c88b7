'use strict'

// The stack of an error that is made when an answer comes: what runs then was called by nobody, but somebody waits.

/** The promises of the language, whatever is called `Promise` here. */
const { constructor: Promise } = (async () => {})()
const { then } = Promise.prototype

const { captureStackTrace } = Error

/**
 * Rejects a promise by its `resolve`, with an error whose stack is of those who wait for it, as far as the engine knows
 * them: `at async readUser (…)`. A promise that is resolved, as nearly all are, costs nothing for this.
 */
function rejectWithCallers(resolve, error) {
  let reject
  const failing = new Promise((_, rejectIt) => (reject = rejectIt))
  // It follows that one before that fails: this is how the engine gets from what runs then to who waits.
  resolve(Reflect.apply(then, failing, [undefined, addCallers]))
  reject(error)
}

function addCallers(error) {
  captureStackTrace?.(error, addCallers)
  throw error
}

module.exports = { rejectWithCallers }
