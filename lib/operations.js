'use strict'

const { pending, pendingMany } = require('./bridge.js')
const { argumentError, described, partialError } = require('./errors.js')
const { fieldsOf, isPlain, otherThanFields } = require('./fields.js')
const { MOST, copyOf, tooMany } = require('./lists.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('./signals.js')
const { fromCaller } = require('./stacks.js')

/** The options of every operation, and those of a `set`. */
const COMMON = ['signal']
const OF_SET = ['ttl', 'signal']

/**
 * The signal in the options of an operation on one key. What an iteration hands over beside the key is no options: an
 * index, as in `keys.map(kv.get, kv)`, or the key again, as in `set.forEach(kv.delete, kv)`.
 */
function signalOfOne(key, options) {
  if (options === undefined || typeof options === 'number' || options === key) return undefined
  return signalOf(options, COMMON)
}

/** A promise of what is known already. */
async function settled(value) {
  return value
}

/** `answer` is the result, or the slot (a number) of an operation in flight. */
function promised(answer) {
  return typeof answer === 'number' ? pending(answer) : settled(answer)
}

function promisedMany(operation, keys, answer) {
  if (typeof answer !== 'number') return settled(answer)
  return pendingMany(answer, (values, errors) => partialError(operation, keys, values, errors))
}

/** Keys that are handed over as arguments, which is faster; more of them are handed over as an array. */
const MOST_ARGUMENTS = 1024

/** Calls an operation of the addon on many keys. */
function callMany(call, keys) {
  return keys.length > MOST_ARGUMENTS ? call(keys) : call(null, ...keys)
}

/** Returns the keys and values of pairs: of an array, a `Map`, any iterable, or the fields of an object. */
function columnsOf(entries) {
  const keys = []
  const values = []
  for (const pair of pairsOf(entries)) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      const given = Array.isArray(pair) ? `an array of ${pair.length}` : described(pair)
      throw argumentError('entries', `entries[${keys.length}] must be a pair [key, value], got ${given}`)
    }
    if (keys.length === MOST) throw tooMany('entries')
    keys.push(pair[0])
    values.push(pair[1])
  }
  return { keys, values }
}

function pairsOf(entries) {
  const given = entries === null || typeof entries !== 'object' ? described(entries) : undefined
  if (given === undefined && typeof entries[Symbol.iterator] === 'function') return entries
  const other = given ?? otherThanFields(entries)
  if (other !== undefined) {
    throw argumentError('entries', `entries must be an iterable of [key, value] or an object, got ${other}`)
  }
  if (isPlain(entries)) return Object.entries(entries)
  return fieldsOf(entries).flatMap(([key, value, isHidden]) => (isHidden ? [] : [[key, value]]))
}

function listOf(keys) {
  if (keys !== null && typeof keys === 'object' && typeof keys[Symbol.iterator] === 'function') return copyOf('keys', keys)
  throw argumentError('keys', `keys must be an iterable of keys, got ${described(keys)}`)
}

/** Begins an operation on one key. */
function one(call, ...args) {
  return promised(call(...args))
}

/** Begins an operation on many keys. */
function many(operation, call, keys) {
  const list = listOf(keys)
  return promisedMany(operation, list, callMany(call, list))
}

/** Begins a write of many pairs. */
function setPairs(call, entries, ttl) {
  const { keys, values } = columnsOf(entries)
  return promisedMany('setMany', keys, call(keys, values, ttl))
}

/** What an object acts on. A symbol and no private field, which an object has not when it is behind a Proxy. */
const NATIVE = Symbol('native')

/** Makes the error of an operation that has lost its object: `const { get } = redkv` leaves `redkv` behind. */
function explained(object, error, operation) {
  const lost = `${operation}() was called without its object: write kv.${operation}(…), or kv.${operation}.bind(kv)`
  const reason = object?.[NATIVE] === undefined ? argumentError('this', lost) : error
  // Where it has begun the addon has said so.
  if (reason?.code === 'ERR_REDKV_ARGUMENT') reason.operation ??= operation
  return fromCaller(reason, Operations.prototype[operation])
}

/** The operations on a chain or on one of its stores. Documented in index.d.ts. */
class Operations {
  get(key, options) {
    try {
      const signal = signalOfOne(key, options)
      if (signal !== undefined) return untilAborted(signal, reason, one, this[NATIVE].get, key)
      return promised(this[NATIVE].get(key))
    } catch (error) {
      return Promise.reject(explained(this, error, 'get'))
    }
  }

  getBuffer(key, options) {
    try {
      const signal = signalOfOne(key, options)
      if (signal !== undefined) return untilAborted(signal, reason, one, this[NATIVE].getBuffer, key)
      return promised(this[NATIVE].getBuffer(key))
    } catch (error) {
      return Promise.reject(explained(this, error, 'getBuffer'))
    }
  }

  set(key, value, options) {
    try {
      const signal = signalOf(options, OF_SET)
      if (signal !== undefined) return untilAborted(signal, abortedWrite('set'), one, this[NATIVE].set, key, value, options.ttl)
      return promised(this[NATIVE].set(key, value, options?.ttl))
    } catch (error) {
      return Promise.reject(explained(this, error, 'set'))
    }
  }

  delete(key, options) {
    try {
      const signal = signalOfOne(key, options)
      if (signal !== undefined) return untilAborted(signal, abortedWrite('delete'), one, this[NATIVE].delete, key)
      return promised(this[NATIVE].delete(key))
    } catch (error) {
      return Promise.reject(explained(this, error, 'delete'))
    }
  }

  has(key, options) {
    try {
      const signal = signalOfOne(key, options)
      if (signal !== undefined) return untilAborted(signal, reason, one, this[NATIVE].has, key)
      return promised(this[NATIVE].has(key))
    } catch (error) {
      return Promise.reject(explained(this, error, 'has'))
    }
  }

  getMany(keys, options) {
    try {
      const signal = signalOf(options, COMMON)
      if (signal !== undefined) return untilAborted(signal, reason, many, 'getMany', this[NATIVE].getMany, keys)
      return many('getMany', this[NATIVE].getMany, keys)
    } catch (error) {
      return Promise.reject(explained(this, error, 'getMany'))
    }
  }

  setMany(entries, options) {
    try {
      const signal = signalOf(options, OF_SET)
      if (signal !== undefined) return untilAborted(signal, abortedWrite('setMany'), setPairs, this[NATIVE].setMany, entries, options.ttl)
      return setPairs(this[NATIVE].setMany, entries, options?.ttl)
    } catch (error) {
      return Promise.reject(explained(this, error, 'setMany'))
    }
  }

  deleteMany(keys, options) {
    try {
      const signal = signalOf(options, COMMON)
      if (signal !== undefined) return untilAborted(signal, abortedWrite('deleteMany'), many, 'deleteMany', this[NATIVE].deleteMany, keys)
      return many('deleteMany', this[NATIVE].deleteMany, keys)
    } catch (error) {
      return Promise.reject(explained(this, error, 'deleteMany'))
    }
  }

  hasMany(keys, options) {
    try {
      const signal = signalOf(options, COMMON)
      if (signal !== undefined) return untilAborted(signal, reason, many, 'hasMany', this[NATIVE].hasMany, keys)
      return many('hasMany', this[NATIVE].hasMany, keys)
    } catch (error) {
      return Promise.reject(explained(this, error, 'hasMany'))
    }
  }
}

/** Defines a property of `object` that is not enumerable. */
function hide(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true })
}

/**
 * A class that extends `Base` and has the operations. They are the same functions in all such classes: copies would be
 * compiled as one, and that one could not be specialised.
 */
function withOperations(Base) {
  class Operating extends Base {
    constructor(native) {
      super()
      hide(this, NATIVE, native)
    }
  }
  const { constructor, ...operations } = Object.getOwnPropertyDescriptors(Operations.prototype)
  Object.defineProperties(Operating.prototype, operations)
  return Operating
}

module.exports = { hide, withOperations }
