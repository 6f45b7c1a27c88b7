'use strict'

const assert = require('node:assert/strict')

/** The error that a function throws. Fails if it does not, or answers with a promise that will. */
function thrownBy(call) {
  let result
  try {
    result = call()
  } catch (error) {
    return error
  }
  return assert.fail(`did not throw, but returned ${result}`)
}

/** The error that a promise rejects with; what is called must not throw. */
function rejectionOf(call) {
  const promise = call()
  assert.ok(promise instanceof Promise)
  return promise.then(
    (value) => assert.fail(`did not reject, but resolved with ${value}`),
    (error) => error,
  )
}

/** Asserts that an error is about the argument `field`, and, if it came from one, about `store`. */
function isArgumentError(error, field, store) {
  assert.ok(error instanceof TypeError, `${error} is a TypeError`)
  const { code, field: actualField, store: actualStore, retryable } = error
  const expected = { code: 'ERR_REDKV_ARGUMENT', field, store, retryable: false }
  assert.deepEqual({ code, field: actualField, store: actualStore, retryable }, expected)
}

module.exports = { isArgumentError, rejectionOf, thrownBy }
