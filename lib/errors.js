'use strict'

const { isPlain, namesOf, otherThanFields } = require('./fields.js')

const { captureStackTrace } = Error

/** What all copies of this module know their errors by. */
const IS_ERROR = Symbol.for('redkv.RedKVError')

/** Whether a write that failed may have been made all the same. */
const NOT_APPLIED = 'not-applied'
const UNKNOWN = 'unknown'

/**
 * What went wrong, with a stable `code`. Documented in index.d.ts.
 */
class RedKVError extends Error {
  /** Errors of other copies of this module are such errors, too. */
  static [Symbol.hasInstance](value) {
    const isError = Function.prototype[Symbol.hasInstance].call(this, value)
    return isError || (this === RedKVError && typeof value === 'object' && value?.[IS_ERROR] === true)
  }

  constructor(code, message, details = {}) {
    const { store, operation, field, retryable = false, outcome = NOT_APPLIED, cause, errors, values } = details
    super(message, cause === undefined ? undefined : { cause })
    describe(this, { code, store, operation, field, retryable, outcome, errors, values })
  }
}

Object.defineProperty(RedKVError.prototype, 'name', { value: 'RedKVError', configurable: true, writable: true })
Object.defineProperty(RedKVError.prototype, IS_ERROR, { value: true })

const ARGUMENT = 'ERR_REDKV_ARGUMENT'

/** What fails for the whole instance is not told per key. */
const OF_THE_INSTANCE = ['ERR_REDKV_CLOSED', 'ERR_REDKV_NO_STORES']

/** Adds the properties that are known; the others stay away from `inspect`. */
function describe(error, properties) {
  for (const name of Object.keys(properties)) {
    if (properties[name] !== undefined) error[name] = properties[name]
  }
  return error
}

/** An argument error is a `TypeError`, everything else a `RedKVError`. */
function makeError(code, message, store, operation, field, retryable, mayHaveApplied, causeText) {
  const cause = causeText === undefined ? undefined : new Error(causeText)
  const outcome = mayHaveApplied ? UNKNOWN : NOT_APPLIED
  if (code !== ARGUMENT) return new RedKVError(code, message, { store, operation, field, retryable, outcome, cause })
  const error = new TypeError(message, cause === undefined ? undefined : { cause })
  return describe(error, { code, store, operation, field, retryable, outcome })
}

/** Makes an error for the addon, as `makeError` does: its stack begins at who called that, if anybody did. */
function makeErrorOf(...parts) {
  const error = makeError(...parts)
  captureStackTrace?.(error, makeErrorOf)
  if (error.cause !== undefined) captureStackTrace?.(error.cause, makeErrorOf)
  return error
}

/** The error for an argument that never reaches the addon. */
function argumentError(field, message) {
  return makeError(ARGUMENT, message, undefined, undefined, field, false, false, undefined)
}

/** What a value of a wrong type is, in words. */
function described(value) {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Refuses options that are no object, or not among `names`. */
function checkOptions(options, names) {
  if (options === null || typeof options !== 'object') throw noOptions(names, described(options))
  if (!isPlain(options)) return checkFields(options, names)
  for (const name in options) {
    if (!names.includes(name)) return checkFields(options, names)
  }
}

/** Refuses options that are not among `names`, in an object of any kind. */
function checkFields(options, names) {
  const other = Array.isArray(options) ? 'an array' : otherThanFields(options)
  if (other !== undefined) throw noOptions(names, other)
  for (const name of namesOf(options)) {
    if (!names.includes(name)) throw argumentError(name, `there is no option '${name}'; the options are ${listed(names)}`)
  }
}

function noOptions(names, given) {
  return argumentError('options', `options must be an object such as ${listed(names)}, got ${given}`)
}

function listed(names) {
  return `{ ${names.join(', ')} }`
}

/** The error of a write whose signal aborted: it may have been made by then. */
function abortedError(operation, reason) {
  const message = `${operation} was aborted while it waited, and may have been made`
  return new RedKVError('ERR_REDKV_ABORTED', message, { operation, outcome: UNKNOWN, cause: reason })
}

/** The reason of a lease that cannot be proven any more. */
function leaseLostError(name, why) {
  return new RedKVError('ERR_REDKV_LEASE_LOST', `the lease '${name}' was lost: ${why}`, { operation: 'lease' })
}

/** Makes the error of an operation on many keys of which some failed. `errors` has an element for every key. */
function partialError(operation, keys, values, errors) {
  const failures = new Map()
  errors.forEach((error, index) => {
    if (error !== undefined) failures.set(String(keys[index]), error)
  })
  const [first] = failures.values()
  if (OF_THE_INSTANCE.includes(first.code) && errors.every((error) => error?.code === first.code)) return first
  const message = `${operation} failed for ${failures.size} of ${keys.length} keys; the first error: ${first.message}`
  return new RedKVError('ERR_REDKV_PARTIAL', message, {
    operation,
    retryable: [...failures.values()].every((failure) => failure.retryable),
    outcome: [...failures.values()].some((failure) => failure.outcome === UNKNOWN) ? UNKNOWN : NOT_APPLIED,
    cause: first,
    errors: failures,
    values: operation === 'getMany' || operation === 'hasMany' ? values : undefined,
  })
}

module.exports = { RedKVError, abortedError, argumentError, checkOptions, described, leaseLostError, makeErrorOf, partialError }
