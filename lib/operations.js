'use strict'

const { argumentError, partialError } = require('./errors.js')
const { pending, pendingMany } = require('./crossing.js')

/** A promise of what is known already. */
async function settled(value) {
  return value
}

/** `answer` is the result, or the slot (a number) of an operation that is on its way. */
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

/** The `ttl` of the options of one call. */
function ttlOf(options) {
  if (options === undefined) return undefined
  if (options === null || typeof options !== 'object') {
    throw argumentError('options', `options must be an object such as { ttl: 1000 }, got ${described(options)}`)
  }
  for (const name in options) {
    if (name !== 'ttl') throw argumentError(name, `there is no option '${name}'; the options are { ttl }`)
  }
  return options.ttl
}

function described(value) {
  return value === null ? 'null' : `a ${typeof value}`
}

/** The keys and values of pairs: of an array, a `Map`, any iterable, or a plain object. */
function columnsOf(entries) {
  if (entries === null || typeof entries !== 'object') {
    throw argumentError('entries', `entries must be an iterable of [key, value] or an object, got ${described(entries)}`)
  }
  const pairs = typeof entries[Symbol.iterator] === 'function' ? entries : Object.entries(entries)
  const keys = []
  const values = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw argumentError('entries', `entries[${keys.length}] must be a pair [key, value]`)
    }
    keys.push(pair[0])
    values.push(pair[1])
  }
  return { keys, values }
}

function listOf(keys) {
  if (Array.isArray(keys)) return keys
  if (keys === null || typeof keys !== 'object' || typeof keys[Symbol.iterator] !== 'function') {
    throw argumentError('keys', `keys must be an iterable of keys, got ${described(keys)}`)
  }
  return [...keys]
}

/** The operations on a chain or on one of its stores. Documented in index.d.ts. */
class Operations {
  #native

  constructor(native) {
    this.#native = native
  }

  get(key) {
    try {
      return promised(this.#native.get(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getBuffer(key) {
    try {
      return promised(this.#native.getBuffer(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  set(key, value, options) {
    try {
      return promised(this.#native.set(key, value, ttlOf(options)))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  delete(key) {
    try {
      return promised(this.#native.delete(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  has(key) {
    try {
      return promised(this.#native.has(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getMany(keys) {
    try {
      const list = listOf(keys)
      return promisedMany('getMany', list, callMany(this.#native.getMany, list))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  setMany(entries, options) {
    try {
      const { keys, values } = columnsOf(entries)
      return promisedMany('setMany', keys, this.#native.setMany(keys, values, ttlOf(options)))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  deleteMany(keys) {
    try {
      const list = listOf(keys)
      return promisedMany('deleteMany', list, callMany(this.#native.deleteMany, list))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  hasMany(keys) {
    try {
      const list = listOf(keys)
      return promisedMany('hasMany', list, callMany(this.#native.hasMany, list))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

module.exports = { Operations }
