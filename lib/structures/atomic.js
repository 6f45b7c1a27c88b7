'use strict'

const { pending } = require('../bridge.js')
const { argumentError, described } = require('../errors.js')
const { abortedWrite, signalOf, untilAborted } = require('../signals.js')
const { fromCaller } = require('../stacks.js')
const numbers = require('./numbers.js')
const { isHashOfFields, listOf, pairsOf } = require('./operations.js')

/** The state of an atomic write. */
const WRITES = Symbol('atomicWrite')

const name = 'atomicWrite'

/** Writes that are made together or not at all. Documented in index.d.ts. */
class AtomicWrite {
  constructor(native, changed) {
    Object.defineProperty(this, WRITES, { value: { native, changed, writes: [], handles: [], isSent: false } })
  }

  set(key, value) {
    return queue(this, 'set', key, value)
  }

  setNX(key, value) {
    return queue(this, 'setNX', key, value)
  }

  setXX(key, value) {
    return queue(this, 'setXX', key, value)
  }

  setEQ(key, value, expected) {
    return queue(this, 'setEQ', key, value, expected)
  }

  delete(key) {
    return queue(this, 'delete', key)
  }

  deleteXX(key) {
    return queue(this, 'deleteXX', key)
  }

  incrBy(key, by = 1) {
    return queue(this, 'incrBy', key, by)
  }

  zAdd(key, member, score) {
    return queue(this, 'zAdd', key, member, score)
  }

  zAddNX(key, member, score) {
    return queue(this, 'zAddNX', key, member, score)
  }

  zRem(key, member) {
    return queue(this, 'zRem', key, member)
  }

  zhAdd(key, field, member, score) {
    return queue(this, 'zhAdd', key, field, member, score)
  }

  zhRem(key, field) {
    return queue(this, 'zhRem', key, field)
  }

  sAdd(key, members) {
    return queue(this, 'sAdd', key, listOf('members', members))
  }

  sRem(key, members) {
    return queue(this, 'sRem', key, listOf('members', members))
  }

  hSet(key, field, value) {
    return isHashOfFields(field) ? queue(this, 'hSet', key, pairsOf(field)) : queue(this, 'hSet', key, field, value)
  }

  hSetNX(key, field, value) {
    return queue(this, 'hSetNX', key, field, value)
  }

  hDel(key, fields) {
    return queue(this, 'hDel', key, listOf('fields', fields))
  }

  async exec(options) {
    try {
      const state = this[WRITES]
      const signal = signalOf(options, ['retries', 'signal'])
      const retries = retriesOf(options)
      if (state.isSent) throw argumentError('this', 'exec() was called before: an atomic write is sent once')
      state.isSent = true
      const begin = () => pending(state.native.atomicWrite(retries, ...state.writes))
      const sent = signal === undefined ? begin() : untilAborted(signal, abortedWrite(name), begin)
      return ended(state, await state.changed(sent, state.writes.map(([, key]) => key)))
    } catch (error) {
      if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
      throw fromCaller(error, AtomicWrite.prototype.exec)
    }
  }
}

function retriesOf(options) {
  const retries = options?.retries
  if (retries === undefined || (Number.isInteger(retries) && retries >= 0 && retries <= 100)) return retries
  throw argumentError('retries', `retries must be a whole number from 0 to 100, got ${described(retries)}`)
}

/** Adds a write, and returns what tells whether its condition failed. */
function queue(object, operation, key, ...args) {
  const state = object[WRITES]
  if (state.isSent) throw argumentError('this', `${operation}() was called after exec(): an atomic write is sent once`)
  state.writes.push([numbers[operation], key, ...args])
  const handle = { conditionalFailed: false }
  state.handles.push(handle)
  return handle
}

/** Returns whether it was written, and leaves with each write whether its condition failed. */
function ended({ handles }, committed) {
  if (committed === true) return true
  committed.forEach((failed, index) => {
    handles[index].conditionalFailed = failed
  })
  return false
}

module.exports = { AtomicWrite }
